/** Bounds that change nothing go, to the last bit; all others stay. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { GraphBuilder } from '../../../src/ir/builder';
import { removeDeadNodes, type Graph, type Value } from '../../../src/ir/graph';
import { applyRules } from '../../../src/patterns/rewriter';
import { needlessBounds } from '../../../src/patterns/rules/needless-bounds';
import { interpret } from '../../support/ir-interpreter';

const VALUES = [0, -0, 1, -1, 0.5, -2.5, 6, 7, 3e38, -1e-40, NaN, Infinity, -Infinity];

type Write = (b: GraphBuilder, x: Value) => Value;

const min =
  (bound: number, of: Write = (_b, x) => x): Write =>
  (b, x) =>
    b.op('Minimum', [of(b, x), b.scalar(bound, x.dtype)]);
const max =
  (bound: number, of: Write = (_b, x) => x): Write =>
  (b, x) =>
    b.op('Maximum', [b.scalar(bound, x.dtype), of(b, x)]);
const of =
  (kernel: string, inner: Write = (_b, x) => x, attrs = {}): Write =>
  (b, x) =>
    b.op(kernel, [inner(b, x)], attrs);

function graphOf(write: Write, dtype: 'float32' | 'int32' = 'float32'): Graph {
  const b = new GraphBuilder();
  b.graph.outputs = [write(b, b.input({ shape: [VALUES.length], dtype }))];
  return b.graph;
}

async function run(graph: Graph): Promise<number[]> {
  return [...(await interpret(graph, [tf.tensor1d(VALUES)])[0].data())];
}

function boundsIn(graph: Graph): number {
  applyRules(graph, needlessBounds);
  removeDeadNodes(graph);
  return graph.nodes.filter(({ kernel }) => kernel === 'Minimum' || kernel === 'Maximum').length;
}

beforeAll(() => tf.setBackend('cpu'));

test.each<[string, number, Write]>([
  ['a clip to [0, 6] of a Relu', 1, max(0, min(6, of('Relu')))],
  ['a clip to [0, 6] of a Relu6', 0, max(0, min(6, of('Relu6')))],
  ['a wider clip', 0, max(-1, min(7, of('ClipByValue', undefined, { clipValueMin: 0, clipValueMax: 6 })))], // prettier-ignore
  ['what is left of two bounds', 2, min(5, min(3, max(0, max(1))))],
  ['not below 0, and moved', 0, max(0, (b, x) => b.reshape(b.op('Exp', [x]), [13, 1]))],
  ['infinite bounds', 0, max(-Infinity, min(Infinity))],
])('%s: %i bounds stay', async (_name, stay, write) => {
  const before = await run(graphOf(write));
  const graph = graphOf(write);
  expect(boundsIn(graph)).toBe(stay);
  expect(await run(graph)).toEqual(before);
});

test.each<[string, number, Write, 'float32' | 'int32']>([
  ['a bound inside', 1, min(5.5, of('Relu6')), 'float32'],
  ['a bound that is NaN', 1, max(NaN, of('Relu')), 'float32'],
  ['crossed bounds', 1, max(1, of('ClipByValue', undefined, { clipValueMin: 3, clipValueMax: 2 })), 'float32'], // prettier-ignore
  ['squares of integers, which wrap', 1, max(0, of('Square')), 'int32'],
  ['what a bound stretches', 1, (b, x) => b.op('Maximum', [b.op('Relu', [b.op('Max', [x], { axes: [0], keepDims: true })]), b.hostConstant([1, 1], 'float32', [0])]), 'float32'], // prettier-ignore
])('%s stays', (_name, stay, write, dtype) => {
  expect(boundsIn(graphOf(write, dtype))).toBe(stay);
});
