/** Graphs of a structure that was rewritten before are rewritten by the same steps, and to the same plans. */
import { compilePlan } from '../../../src/compiler/compile';
import type { Plan } from '../../../src/compiler/plan';
import type { KernelTarget } from '../../../src/fused-kernels/kernel';
import { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import { registerFusion } from '../../../src/registry/rules';
import { pattern } from '../../../src/pure';
import { gpuTarget, softwareTarget } from '../fused-kernels/target';
import { float } from '../patterns/fuse';

type Sizes = readonly [batch: number, length: number];
type Build = (b: GraphBuilder, sizes: Sizes) => Value;

function compile(build: Build, sizes: Sizes, target: KernelTarget): Plan {
  const b = new GraphBuilder();
  b.graph.outputs = [build(b, sizes)];
  return compilePlan(b.graph, target, 'test', { anySize: true });
}

const plain = { transposeA: false, transposeB: false };

const weights = (b: GraphBuilder, ...shape: number[]): Value =>
  b.constant({ shape, dtype: 'float32' }, { handle: {} });

const dense = (b: GraphBuilder, x: Value, from: number, to: number): Value =>
  b.op('Add', [b.op('BatchMatMul', [x, weights(b, from, to)], plain), weights(b, to)]);

/** Layers that are one kernel up to 64 rows, and one each beyond. */
const layers: Build = (b, [batch, length]) =>
  dense(b, b.op('Relu', [dense(b, float(b, batch * length, 32), 32, 48)]), 48, 20);

/** Attention as exporters write it, of queries, keys and values that are one product. */
const attention: Build = (b, [batch, length]) => {
  const x = float(b, batch * length, 32);
  const [q, k, v] = [0, 1, 2].map(() => {
    const heads = b.reshape(dense(b, x, 32, 32), [batch, length, 2, 16]);
    return b.transpose(heads, [0, 2, 1, 3]);
  });
  const scores = b.op('BatchMatMul', [q, k], { transposeA: false, transposeB: true });
  const shares = b.op('Softmax', [b.op('Multiply', [scores, b.scalar(0.25)])]);
  return b.op('BatchMatMul', [shares, v], plain);
};

/** A layer normalisation that is written out, of what a tiled operand is added to. */
const normal: Build = (b, [batch, length]) => {
  const x = b.op('Add', [float(b, batch, length, 32), float(b, 1, length, 32)]);
  const mean = (value: Value): Value => b.op('Mean', [value], { axes: [2], keepDims: true });
  const centred = b.op('Sub', [x, mean(x)]);
  const variance = mean(b.op('Square', [centred]));
  return b.op('Multiply', [centred, b.op('Rsqrt', [b.op('Add', [variance, b.scalar(1e-5)])])]);
};

const SIZES: readonly Sizes[] = [
  [2, 7],
  [3, 13],
  [2, 40],
  [1, 17],
  [4, 1],
  [1, 1],
  [2, 31],
  [5, 64],
  [2, 12],
  [3, 300],
];

const kernelsOf = (plan: Plan): string[] =>
  plan.dispatches.map(({ label, program }) => `${label} ${program.wgsl.length}`);

const triesOf = ({ record }: Plan): number =>
  record.rules.reduce((sum, { tried }) => sum + tried, 0);

describe.each([
  ['software', softwareTarget],
  ['gpu', gpuTarget],
] as const)('%s', (_name, given) => {
  test.each([
    ['layers in a row', layers],
    ['attention', attention],
    ['layer normalisation', normal],
  ] as const)('%s: what is remembered changes no plan', (_what, build) => {
    const target = { ...given };
    for (const sizes of SIZES) {
      const remembering = compile(build, sizes, target);
      expect(kernelsOf(remembering)).toEqual(kernelsOf(compile(build, sizes, { ...given })));
    }
  });
});

test('the second graph of a structure is not searched', () => {
  const target = { ...gpuTarget };
  const [first, second] = [SIZES[0], SIZES[1]].map((sizes) => compile(attention, sizes, target));
  expect(triesOf(second)).toBeLessThan(triesOf(first) / 3);
  expect(second.record.rewrites.map(({ rule }) => rule)).toEqual(
    first.record.rewrites.map(({ rule }) => rule),
  );
});

test('a rule that is added is looked for', () => {
  const target = { ...softwareTarget };
  const build: Build = (b, [batch, length]) =>
    b.op('Relu', [b.op('Abs', [float(b, batch, length)])]);
  compile(build, [2, 3], target);
  const remove = registerFusion({
    name: 'relu-of-abs',
    equation: 'max(|x|, 0) ⇒ |x|',
    match: pattern.op('Relu', [pattern.op('Abs', [pattern.any('x')])]),
    rewrite: (match, graph) => graph.op('Abs', [match.value('x')]),
  });
  const { record } = compile(build, [2, 5], target);
  remove();
  expect(record.rewrites.map(({ rule }) => rule)).toEqual(['relu-of-abs']);
});
