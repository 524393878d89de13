import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { simplifyAndRewrite } from '../../../src/compiler/compile';
import { GraphBuilder } from '../../../src/ir/builder';
import { copyGraph, type Graph } from '../../../src/ir/graph';
import { evaluateGraph, hasReference, single, type Precision } from '../../../src/verify/reference';
import { fuzz } from '../../support/fuzz';
import { interpret } from '../../support/ir-interpreter';
import { printGraph } from '../../support/print-graph';
import { buildRandomGraph, randomInput, recipes } from '../../support/random-graph';
import { findDifference, largest } from '../../support/tolerance';
import { gpuTarget, softwareTarget } from '../fused-kernels/target';

beforeAll(() => tf.setBackend('cpu'));

type Inputs = readonly Float32Array[];

const inputsOf = (graph: Graph, exact: boolean): Inputs =>
  graph.inputs.map((value, i) => randomInput(value, exact, i + 1));

function evaluate(graph: Graph, inputs: Inputs, precision?: Precision) {
  const known = new Map(graph.inputs.map((value, i) => [value, Float64Array.from(inputs[i])]));
  return evaluateGraph(graph, known, precision);
}

function onCpu(graph: Graph, inputs: Inputs): ArrayLike<number>[] {
  return tf.tidy(() => {
    const tensors = graph.inputs.map(({ shape, dtype }, i) =>
      tf.tensor(dtype === 'bool' ? Uint8Array.from(inputs[i]) : inputs[i], [...shape], dtype),
    );
    return interpret(graph, tensors).map((tensor) => tensor.dataSync());
  });
}

function demandEqual(
  graph: Graph,
  actual: readonly ArrayLike<number>[],
  expected: readonly ArrayLike<number>[],
  errors: readonly number[],
) {
  expected.forEach((values, i) => {
    const difference = findDifference(actual[i], values, 2 * errors[i]);
    if (difference) throw new Error(`output ${i}: ${difference}\n${printGraph(graph)}`);
  });
}

test.each(['Multiply', 'Prod', 'Cumprod', 'BatchMatMul'])(
  'integers of a %s wrap exactly',
  async (kernel) => {
    const b = new GraphBuilder();
    const x = b.input({ shape: [1, 2], dtype: 'int32' });
    const most = 2 ** 31 - 1;
    const attrs = { axes: [1], axis: 1, keepDims: false, exclusive: false, reverse: false };
    const inputs = kernel === 'Multiply' || kernel === 'BatchMatMul' ? [x, x] : [x];
    b.graph.outputs = [b.op(kernel, inputs, { ...attrs, transposeA: false, transposeB: true })];
    const values = new Map([[x, Float64Array.of(most, most)]]);
    const [result] = await evaluateGraph(b.graph, values);
    // (2³¹ − 1)² is 1 modulo 2³², and has more digits than a double.
    expect(result.at(-1)).toBe(kernel === 'BatchMatMul' ? 2 : 1);
  },
);

describe.each([
  ['whole numbers', true],
  ['real numbers', false],
] as const)('random graphs of %s', (_name, exact) => {
  const check = (property: (graph: Graph, errors: readonly number[]) => Promise<void>) =>
    fc.assert(
      fc.asyncProperty(recipes(exact), async (recipe) => {
        const { graph, errors } = buildRandomGraph(recipe, exact);
        await property(graph, errors);
      }),
      fuzz(40),
    );

  it('have a reference that agrees with tfjs on cpu', () =>
    check(async (graph, errors) => {
      const inputs = inputsOf(graph, exact);
      demandEqual(graph, await evaluate(graph, inputs), onCpu(graph, inputs), errors);
    }));

  it.each([
    ['software', softwareTarget],
    ['gpu', gpuTarget],
  ])('compute what they did when rewritten for a %s adapter', (_target, target) =>
    check(async (graph, errors) => {
      const inputs = inputsOf(graph, exact);
      const rewritten = copyGraph(graph);
      simplifyAndRewrite(rewritten, target);
      demandEqual(graph, await evaluate(rewritten, inputs), await evaluate(graph, inputs), errors);
    }),
  );
});

it('every primitive has a reference', () => {
  const page = readFileSync('src/ir/primitives.md', 'utf8');
  const kernels = page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...line.split('|')[1].matchAll(/`(\w+)`/g)].map(([, kernel]) => kernel));
  expect(kernels.length).toBeGreaterThan(30);
  // Pixels are no input of what is verified: see `PlanDevice.frameOf`.
  expect(kernels.filter((kernel) => !hasReference(kernel))).toEqual(['FromPixels']);
});

it('samples of float32 are near the reference, and not the same', async () => {
  const b = new GraphBuilder();
  const x = b.input({ shape: [7, 31], dtype: 'float32' });
  b.graph.outputs = [b.op('Softmax', [b.op('Tanh', [x])])];
  const inputs = inputsOf(b.graph, false);
  const [exact] = await evaluate(b.graph, inputs);
  const [one, other] = [
    await evaluate(b.graph, inputs, single(1)),
    await evaluate(b.graph, inputs, single(2)),
  ];
  expect(findDifference(one[0], exact, 1e-5 * largest(exact))).toBeNull();
  expect(one[0]).not.toEqual(exact);
  expect(one[0]).not.toEqual(other[0]);
});
