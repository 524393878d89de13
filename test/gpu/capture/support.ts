/** Small models of several dispatches, and what `cpu` says of them. */
import type { GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '../../../src/index';
import { attr, TestGraph } from '../../unit/graph-model/support/test-graph';
import { useBackend } from '../../support/gpu';

export { tf, TestGraph };

/** Values between -1 and 1 that differ with `seed`. */
export function values(size: number, seed = 1): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => Math.sin(seed * 12.9898 + i * 78.233));
}

/** x [-1, 8] → y = softmax(softmax(x · u) · v), z = y + x: several dispatches, two outputs. */
export function tower(): TestGraph {
  const graph = new TestGraph();
  graph.placeholder('x', 'float32', [-1, 8]);
  graph.node('first', 'MatMul', [
    'x',
    graph.constant([...values(128, 2)], [8, 16], 'float32', 'u'),
  ]);
  graph.node('mixed', 'Softmax', ['first']);
  graph.node('second', 'MatMul', [
    'mixed',
    graph.constant([...values(128, 3)], [16, 8], 'float32', 'v'),
  ]);
  graph.node('y', 'Softmax', ['second']);
  graph.node('z', 'AddV2', ['y', 'x']);
  return graph;
}

/** a, b [-1, 8] → y = softmax(a · u) · v - b: an input that is read early, and one late. */
export function pair(): TestGraph {
  const graph = new TestGraph();
  graph.placeholder('a', 'float32', [-1, 8]);
  graph.placeholder('b', 'float32', [-1, 8]);
  graph.node('first', 'MatMul', ['a', graph.constant([...values(128, 2)], [8, 16])]);
  graph.node('mixed', 'Softmax', ['first']);
  graph.node('second', 'MatMul', ['mixed', graph.constant([...values(128, 3)], [16, 8])]);
  graph.node('y', 'Sub', ['second', 'b']);
  return graph;
}

type Feeds = Record<string, Float32Array>;

/** What `cpu` computes: one array for each output. Rows of 8 go in. */
export async function onCpu(
  graph: TestGraph,
  feeds: Feeds,
  outputs: string[],
): Promise<Float32Array[]> {
  const before = tf.getBackend();
  await useBackend(tf, 'cpu');
  const model = graph.load();
  const inputs = rows(feeds);
  const results = [model.execute(inputs, outputs)].flat();
  const read = results.map((tensor) => tensor.dataSync<'float32'>().slice());
  tf.dispose([inputs, results]);
  model.dispose();
  await useBackend(tf, before);
  return read;
}

/** Tensors of rows of 8. */
export function rows(feeds: Feeds): tf.NamedTensorMap {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, data]) => [name, tf.tensor2d(data, [data.length / 8, 8])]),
  );
}

/** Expects a tensor's values to be those of `expected`. */
export async function expectClose(tensor: tf.Tensor, expected: Float32Array): Promise<void> {
  const actual = await tensor.data<'float32'>();
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 4));
}

/** Runs a model for one output and expects what `cpu` computed. */
export async function expectRun(
  model: GraphModel,
  x: Float32Array,
  expected: Float32Array,
): Promise<void> {
  const inputs = rows({ x });
  const y = model.execute(inputs, 'y') as tf.Tensor;
  await expectClose(y, expected);
  tf.dispose([inputs, y]);
}

/** What the backend holds. */
export function holdings(): Record<string, number> {
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  const { bufferManager } = tf.backend() as unknown as {
    bufferManager: { numBytesUsed: number; numBytesAllocated: number };
  };
  const { numBytesUsed, numBytesAllocated } = bufferManager;
  const dataIds = tf.backend().numDataIds();
  return { numTensors, numDataBuffers, numBytes, numBytesUsed, numBytesAllocated, dataIds };
}

/** Expects that the backend holds what it did; what lies free in the pool may be less by now. */
export function expectHoldings({ numBytesAllocated: allocated, ...held }: Record<string, number>) {
  const { numBytesAllocated, ...now } = holdings();
  expect(now).toEqual(held);
  expect(numBytesAllocated).toBeLessThanOrEqual(allocated);
}

/** A node that stays with tfjs, of images: LRN with attributes by which it changes nothing. */
export function leaveToTfjs(graph: TestGraph, name: string, x: string): string {
  const attrs = { depth_radius: attr.i(1), bias: attr.f(1), alpha: attr.f(0), beta: attr.f(1) };
  return graph.node(name, 'LRN', [x], attrs);
}
