/** Running sums and products against tfjs's cpu kernels, along every axis, in every direction. */
import type { DType } from '../../../src/ir/graph';
import { checkFused, labelsOf, TARGETS } from '../../support/differential';

const WAYS = [false, true].flatMap((exclusive) =>
  [false, true].map((reverse) => ({ exclusive, reverse })),
);

const SHAPES = [
  ['one element', [1], 0],
  ['a vector', [13], 0],
  ['the last axis', [3, 7], 1],
  ['the first axis, vectors of outputs', [5, 8], 0],
  ['an inner axis', [2, 5, 4], 1],
  ['rank 4', [2, 3, 1, 6], 2],
  ['rank 5', [2, 1, 3, 2, 5], 4],
  ['rank 6', [2, 3, 2, 2, 1, 2], 1],
  ['more lines than a workgroup', [67, 3], 1],
] as const;

test.each(SHAPES)('sums along %s', async (_name, shape, axis) => {
  for (const way of WAYS) {
    const plan = await checkFused(
      (b) => {
        const x = b.op('Neg', [b.input({ shape, dtype: 'float32' })]);
        return b.op('Relu', [b.op('Cumsum', [x], { axis, ...way })]);
      },
      { targets: TARGETS },
    );
    expect(labelsOf(plan)).toEqual(['Neg → Cumsum → Relu']);
  }
});

test.each([
  ['even parts', [2, 512], 1],
  ['a shorter last part', [1031], 0],
  ['lines across', [2, 700, 3], 1],
  ['parts of parts', [3 * 128 * 128 + 5 * 128 + 7], 0],
] as const)('sums of long lines: %s', async (_name, shape, axis) => {
  for (const way of WAYS) {
    await checkFused(
      (b) => b.op('Neg', [b.op('Cumsum', [b.input({ shape, dtype: 'int32' })], { axis, ...way })]),
      { targets: ['gpu'] },
    );
  }
});

test.each(WAYS)('products, %j', (way) =>
  checkFused(
    (b) => b.op('Cumprod', [b.input({ shape: [2, 9, 3], dtype: 'float32' })], { axis: 1, ...way }),
    { tolerance: 'arithmetic' },
  ),
);

test.each<[string, DType]>([
  ['Cumsum', 'int32'],
  ['Cumprod', 'int32'],
])('%s of %s wraps', (kernel, dtype) =>
  checkFused(
    (b) => b.op(kernel, [b.input({ shape: [2, 4], dtype })], { axis: 1, ...WAYS[0] }),
    // tfjs's kernel stores each step in an Int32Array; products of larger numbers would be rounded.
    { inputs: [[2 ** 31 - 1, 2, -3, 5, -(2 ** 31), -1, 7, 2]] },
  ),
);

test.each(['Cumsum', 'Cumprod'])('%s: NaN and infinities reach what comes after them', (kernel) =>
  checkFused(
    (b) => {
      const x = b.input({ shape: [4, 5], dtype: 'float32' });
      return WAYS.map((way) => b.op(kernel, [x], { axis: 1, ...way }));
    },
    {
      inputs: [
        [1, NaN, 2, 3, 4].concat(
          [1, 2, Infinity, -Infinity, 3],
          [0, Infinity, 1, 2, 3],
          [1, 2, 3, 4, -Infinity],
        ),
      ],
    },
  ),
);
