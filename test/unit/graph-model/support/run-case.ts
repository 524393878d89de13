import * as tf from '@tensorflow/tfjs-core';
import { internalsOf } from '../../../../src/graph-model/model-internals';
import { importRegion, type Feed } from '../../../../src/graph-model/import/import-region';
import { refKey } from '../../../../src/graph-model/graph-def';
import { interpret } from '../../../support/ir-interpreter';
import type { OpCase, Operand } from './op-cases';
import { TestGraph, wave } from './test-graph';

/** Elements of an operand. */
export function elements({ shape, dtype, values }: Operand, at: number): number[] {
  if (values) return [...values];
  const size = tf.util.sizeFromShape([...shape]);
  const numbers = wave(size, 0.37 + 0.11 * at);
  if (dtype === 'float32') return numbers;
  return numbers.map((value) => (dtype === 'bool' ? Number(value > 0) : Math.round(value * 2)));
}

/** A node to test in a model of its own. */
export function modelOf(test: OpCase) {
  const graph = new TestGraph();
  const fed: Record<string, tf.Tensor> = {};
  const inputs = test.operands.map((operand, at) => {
    const values = elements(operand, at);
    if (operand.kind === 'weight') return graph.constant(values, operand.shape, operand.dtype);
    const name = `x${at}`;
    fed[name] = tf.tensor(values, [...operand.shape], operand.dtype);
    return graph.placeholder(name, operand.dtype, operand.shape);
  });
  graph.node('y', test.op, inputs, test.attrs);
  return { graph, fed, refs: Array.from({ length: test.outputs ?? 1 }, (_, k) => refKey('y', k)) };
}

/** What tfjs computes, and what the imported graph does. */
export function runCase(test: OpCase): { expected: tf.Tensor[]; actual: tf.Tensor[] } {
  const model = modelOf(test);
  const expected = [model.graph.load().execute(model.fed, model.refs)].flat();
  return { expected, actual: runImported(model) };
}

/** What the imported graph of a node computes. */
export function runImported({ graph, fed, refs }: ReturnType<typeof modelOf>): tf.Tensor[] {
  const model = graph.load();
  const { weightMap } = internalsOf(model).executor;
  const feeds = new Map<string, Feed>();
  for (const [name, { shape, dtype }] of Object.entries(fed)) {
    feeds.set(name, { shape, dtype: dtype as Feed['dtype'] });
  }
  for (const [name, [tensor]] of Object.entries(weightMap)) {
    const constant = { handle: tensor, host: tensor.dataSync() as Float32Array };
    feeds.set(name, { shape: tensor.shape, dtype: tensor.dtype as Feed['dtype'], constant });
  }
  const region = importRegion(
    graph.nodes.filter((node) => node.name === 'y'),
    feeds,
    refs,
  );
  if ('refusals' in region) throw new Error(`refused: ${region.refusal.reason}`);
  const computed = interpret(region.graph, Object.values(fed));
  return region.outputs.map((source) => {
    if (source.kind === 'graph') return computed[source.index];
    if (source.kind === 'feed') return fed[source.ref] ?? weightMap[source.ref][0];
    const { constant, shape, dtype } = source.value;
    return tf.tensor(constant?.host?.slice() ?? [], [...shape], dtype);
  });
}
