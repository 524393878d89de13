/** Every identity of the table, to the last bit, over values where algebra usually ends. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { GraphBuilder } from '../../../src/ir/builder';
import { removeDeadNodes, type Graph, type Value } from '../../../src/ir/graph';
import { applyRules } from '../../../src/patterns/rewriter';
import { identities } from '../../../src/patterns/rules/identities';
import { interpret } from '../../support/ir-interpreter';

type Write = (b: GraphBuilder, x: Value) => Value;

/** `Op(x)`, added as it is: the builder knows some of these identities itself. */
function raw(
  b: GraphBuilder,
  kernel: string,
  inputs: Value[],
  attrs = {},
  shape?: number[],
): Value {
  const [{ dtype }] = inputs;
  const spec = { shape: shape ?? inputs[0].shape, dtype };
  return b.graph.node(kernel, inputs, attrs, [spec], []).outputs[0];
}

const twice =
  (kernel: string): Write =>
  (b, x) =>
    raw(b, kernel, [raw(b, kernel, [x])]);

const after =
  (outer: string, inner: string): Write =>
  (b, x) =>
    raw(b, outer, [raw(b, inner, [x])]);

const CASES: Readonly<Record<string, Write>> = {
  'merge-reshapes': (b, x) => raw(b, 'Reshape', [raw(b, 'Reshape', [x], {}, [4, 3])], {}, [12]),
  'merge-transposes': (b, x) => {
    const y = raw(b, 'Reshape', [x], {}, [2, 3, 2]);
    const turned = raw(b, 'Transpose', [y], { perm: [1, 2, 0] }, [3, 2, 2]);
    return raw(b, 'Transpose', [turned], { perm: [1, 0, 2] }, [2, 3, 2]);
  },
  'times-one': (b, x) => raw(b, 'Multiply', [x, b.scalar(1)]),
  'over-one': (b, x) => raw(b, 'RealDiv', [x, b.scalar(1)]),
  'minus-zero': (b, x) => raw(b, 'Sub', [x, b.scalar(0)]),
  'negative-of-negative': twice('Neg'),
  'not-not': twice('LogicalNot'),
  'maximum-of-same': (b, x) => raw(b, 'Maximum', [x, x]),
  'minimum-of-same': (b, x) => raw(b, 'Minimum', [x, x]),
  'abs-of-negative': after('Abs', 'Neg'),
  'square-of-negative': after('Square', 'Neg'),
  'square-of-abs': after('Square', 'Abs'),
  'relu-again': twice('Relu'),
  'relu6-again': twice('Relu6'),
  'abs-again': twice('Abs'),
  'floor-again': twice('Floor'),
  'ceil-again': twice('Ceil'),
  'round-again': twice('Round'),
  'sign-again': twice('Sign'),
};

const VALUES = [0, -0, 1, -1, 0.5, -2.5, 7, 3e38, -1e-40, NaN, Infinity, -Infinity];

function graphOf(name: string): Graph {
  const b = new GraphBuilder();
  const x = b.input({ shape: [12], dtype: name === 'not-not' ? 'bool' : 'float32' });
  b.graph.outputs = [CASES[name](b, x)];
  return b.graph;
}

async function run(graph: Graph): Promise<number[]> {
  const [{ dtype }] = graph.inputs;
  const x = tf.tensor(dtype === 'bool' ? VALUES.map((v) => v > 0) : VALUES, [12], dtype);
  return [...(await interpret(graph, [x])[0].data())];
}

beforeAll(() => tf.setBackend('cpu'));

test.each(identities.map((rule) => [rule.name, rule.equation, rule] as const))(
  '%s: %s',
  async (name, _equation, rule) => {
    const graph = graphOf(name);
    const before = graph.nodes.length;
    const { rewrites } = applyRules(graph, [rule]);
    removeDeadNodes(graph);
    expect(rewrites.length).toBeGreaterThan(0);
    expect(graph.nodes.length).toBeLessThan(before);
    expect(await run(graph)).toEqual(await run(graphOf(name)));
  },
);

test('x · 1 stays where it broadcasts x', () => {
  const b = new GraphBuilder();
  const x = b.input({ shape: [3], dtype: 'float32' });
  const ones = b.hostConstant([1, 1], 'float32', [1]);
  b.graph.outputs = [b.op('Multiply', [x, ones])];
  expect(applyRules(b.graph, identities).rewrites).toEqual([]);
});

test('x − (−0) is not x: −0 − (−0) is 0', () => {
  const b = new GraphBuilder();
  b.graph.outputs = [b.op('Sub', [b.input({ shape: [3], dtype: 'float32' }), b.scalar(-0)])];
  expect(applyRules(b.graph, identities).rewrites).toEqual([]);
});
