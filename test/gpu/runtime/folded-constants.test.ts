/** What a model computes of its weights is computed once, whatever the sizes of its inputs. */
import type { GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { BACKEND_NAME, type WebGPUFusedBackend } from '../../../src/index';
import { largestError } from '../../../src/measure/accuracy';
import { TestGraph } from '../../unit/graph-model/support/test-graph';
import { useBackend } from '../../support/gpu';

const WIDTH = 96;
/** More than are kept for one region, so that some go and come again. */
const SIZES = Array.from({ length: 40 }, (_, i) => 1 + i);

/** relu(x · tanh²(weights)) */
function bounded(): TestGraph {
  const graph = new TestGraph();
  graph.placeholder('x', 'float32', [-1, WIDTH]);
  const weights = Array.from({ length: WIDTH * WIDTH }, (_, i) => Math.sin(i * 0.37));
  graph.node('bounded', 'Tanh', [graph.constant(weights, [WIDTH, WIDTH])]);
  graph.node('filter', 'Square', ['bounded']);
  graph.node('product', 'MatMul', ['x', 'filter']);
  graph.node('y', 'Relu', ['product']);
  return graph;
}

/** Sums of 96 products, in another order than on `cpu`. */
const TOLERANCE = 1e-5;

async function outputs(model: GraphModel, rows: number): Promise<Float32Array> {
  const x = tf.tidy(() => tf.cos(tf.reshape(tf.range(0, rows * WIDTH), [rows, WIDTH])));
  const y = model.predict(x) as tf.Tensor;
  const values = (await y.data()) as Float32Array;
  tf.dispose([x, y]);
  return values;
}

test('plans for many sizes share it, and each of them is right', async () => {
  await useBackend(tf, 'cpu');
  const reference = bounded().load();
  const expected = new Map<number, Float32Array>();
  for (const rows of SIZES) expected.set(rows, await outputs(reference, rows));

  await useBackend(tf, BACKEND_NAME);
  const backend = tf.backend() as WebGPUFusedBackend;
  const model = bounded().load();
  const held = backend.numDataIds();
  const expectRight = async (rows: number): Promise<void> => {
    const values = await outputs(model, rows);
    expect(largestError(expected.get(rows) as Float32Array, values)).toBeLessThan(TOLERANCE);
  };
  for (const rows of SIZES) await expectRight(rows);
  expect(backend.numDataIds()).toBe(held + 1);
  for (const rows of [...SIZES].reverse()) await expectRight(rows);
  expect(backend.numDataIds()).toBe(held + 1);
  model.dispose();
  expect(backend.numDataIds()).toBeLessThan(held);
});
