/** Values that no buffer of the device can hold are computed where they are read, or in parts. */
import { compilePlan } from '../../../src/compiler/compile';
import { byteSize } from '../../../src/fused-kernels/wgsl/kernel-writer';
import type { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import type { Plan } from '../../../src/compiler/plan';
import { buildGraph, checkFused, type Build } from '../../support/differential';
import { softwareTarget } from '../../unit/fused-kernels/target';

/** Bytes of the largest buffer that these plans may bind. */
const LIMIT = 2048;

const input = (b: GraphBuilder, ...shape: number[]): Value => b.input({ shape, dtype: 'float32' });
const product = (b: GraphBuilder, x: Value, y: Value): Value =>
  b.op('BatchMatMul', [x, y], { transposeA: false, transposeB: false });
const reduce = (b: GraphBuilder, kernel: string, x: Value, ...axes: number[]): Value =>
  b.op(kernel, [x], { axes, keepDims: false });
const window = {
  strides: [1, 1],
  dilations: [1, 1],
  pad: { top: 1, bottom: 1, left: 1, right: 1 },
};
const convolve = (b: GraphBuilder, x: Value, filter: Value): Value =>
  b.op('Conv2D', [x, filter], window);

const cases: Record<string, Build> = {
  'a product whose rows are summed': (b) =>
    reduce(b, 'Sum', b.op('Relu', [product(b, input(b, 40, 3), input(b, 3, 30))]), 1),
  'a product whose columns are summed': (b) =>
    reduce(b, 'Sum', product(b, input(b, 40, 3), input(b, 3, 30)), 0),
  'the largest of products of a batch, and which it is': (b) => {
    const y = product(b, input(b, 3, 16, 5), input(b, 3, 5, 20));
    return [reduce(b, 'Max', y, 2), b.op('ArgMax', [y], { axis: 2 })];
  },
  'two products, one of the other': (b) =>
    product(b, product(b, input(b, 50, 3), input(b, 3, 30)), input(b, 30, 2)),
  'a softmax between products': (b) => {
    const scores = product(b, input(b, 33, 3), input(b, 3, 31));
    return product(b, b.op('Softmax', [scores]), input(b, 31, 2));
  },
  'a sum that is broadcast, large only where it is read': (b) =>
    reduce(b, 'Sum', b.op('Add', [input(b, 40, 1), input(b, 1, 40)]), 0, 1),
  'what is reshaped and transposed on the way': (b) => {
    const y = product(b, input(b, 48, 3), input(b, 3, 24));
    const blocks = b.reshape(b.transpose(b.reshape(y, [48, 4, 6]), [0, 2, 1]), [48, 24]);
    return reduce(b, 'Sum', blocks, 1);
  },
  'convolutions of convolutions, and a pool': (b) => {
    const first = convolve(b, input(b, 1, 24, 10, 1), input(b, 3, 3, 1, 4));
    const second = convolve(b, b.op('Relu', [first]), input(b, 3, 3, 4, 4));
    const pooled = b.op('MaxPool', [second], {
      ...{ filterSize: [3, 3], strides: [2, 2], dilations: [1, 1] },
      pad: { top: 0, bottom: 1, left: 1, right: 1 },
    });
    return reduce(b, 'Sum', pooled, 1, 2);
  },
  'a convolution to few channels': (b) =>
    convolve(b, convolve(b, input(b, 1, 20, 12, 1), input(b, 3, 3, 1, 5)), input(b, 3, 3, 5, 1)),
};

function largestBinding({ dispatches, prelude }: Plan): number {
  const own = dispatches.flatMap(({ program }) =>
    program.bindings.map(({ value }) => byteSize(value)),
  );
  return Math.max(0, ...own, ...(prelude ? [largestBinding(prelude.plan)] : []));
}

test.each(Object.entries(cases))('%s', async (_name, build) => {
  const largest = Math.max(
    ...buildGraph(build).nodes.flatMap(({ outputs }) => outputs.map(byteSize)),
  );
  expect(largest).toBeGreaterThan(LIMIT);
  const plan = await checkFused(build, {
    targets: ['software'],
    tolerance: 'transcendental',
    overrides: { maxBindingBytes: LIMIT },
  });
  expect(largestBinding(plan)).toBeLessThanOrEqual(LIMIT);
});

test('a result that is too large is refused, with both numbers and a cure', () => {
  const graph = buildGraph((b) => {
    b.origins = ['scores'];
    return product(b, input(b, 40, 3), input(b, 3, 30));
  });
  const compile = (): Plan =>
    compilePlan(graph, { ...softwareTarget, maxBindingBytes: LIMIT }, 'test');
  expect(compile).toThrow(
    /scores: it binds .* of 4800 bytes; the device binds 2048 at most.*batches/,
  );
});
