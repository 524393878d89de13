import { checkFused, labelsOf, TARGETS } from '../../support/differential';

interface Case {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

const cases: readonly Case[] = [
  { a: [1, 1], b: [1, 1] },
  { a: [1, 7], b: [7, 1] },
  { a: [13, 1], b: [1, 11] },
  { a: [5, 12], b: [12, 8] },
  { a: [7, 11], b: [11, 13] },
  { a: [17, 8], b: [8, 20] },
  { a: [9, 5], b: [9, 6], transposeA: true },
  { a: [8, 12], b: [8, 16], transposeA: true },
  { a: [6, 12], b: [10, 12], transposeB: true },
  { a: [6, 7], b: [9, 7], transposeB: true },
  { a: [10, 7], b: [6, 10], transposeA: true, transposeB: true },
  { a: [8, 12], b: [16, 8], transposeA: true, transposeB: true },
  { a: [3, 5, 8], b: [3, 8, 4] },
  { a: [3, 5, 8], b: [1, 8, 4] },
  { a: [1, 5, 7], b: [3, 7, 4] },
  { a: [2, 3, 4, 5], b: [2, 3, 5, 6] },
  { a: [2, 1, 4, 5], b: [1, 3, 5, 8] },
  { a: [2, 3, 4, 5], b: [1, 1, 5, 3] },
  { a: [2, 3, 5, 4], b: [2, 1, 5, 8], transposeA: true },
  { a: [2, 3, 4, 8], b: [1, 3, 6, 8], transposeB: true },
];

describe('BatchMatMul', () => {
  const rows = cases.map(({ a, b, transposeA = false, transposeB = false }) => {
    const name = `[${a}]${transposeA ? 'ᵀ' : ''} · [${b}]${transposeB ? 'ᵀ' : ''}`;
    return [name, { a, b, transposeA, transposeB }] as const;
  });
  test.each(rows)('%s', async (_name, { a, b, ...attrs }) => {
    const plan = await checkFused(
      (builder) => {
        const operands = [a, b].map((shape) => builder.input({ shape, dtype: 'float32' }));
        return builder.op('BatchMatMul', operands, attrs);
      },
      { targets: TARGETS },
    );
    expect(labelsOf(plan)).toEqual(['BatchMatMul']);
  });

  test('real numbers', () =>
    checkFused(
      (builder) => {
        const a = builder.input({ shape: [16, 300], dtype: 'float32' });
        const b = builder.input({ shape: [300, 12], dtype: 'float32' });
        return builder.op('BatchMatMul', [a, b], { transposeA: false, transposeB: false });
      },
      { tolerance: 'summation' },
    ));

  test('the same value twice', () =>
    checkFused((builder) => {
      const a = builder.input({ shape: [5, 8], dtype: 'float32' });
      return builder.op('BatchMatMul', [a, a], { transposeA: true, transposeB: false });
    }));
});
