/** Products through workgroup memory: every tile, forced one by one, over shapes that fit none. */
import { productTiles } from '../../../src/fused-kernels/product-tiles';
import { checkFused, labelsOf } from '../../support/differential';

interface Case {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** Of every tile: whole and ragged in each size, with either operand transposed, and batches. */
const shapes: readonly Case[] = [
  { a: [64, 128], b: [128, 64] },
  { a: [70, 132], b: [132, 68] },
  { a: [37, 101], b: [101, 45] },
  { a: [13, 3], b: [3, 11] },
  { a: [70, 37], b: [70, 36], transposeA: true },
  { a: [37, 67], b: [35, 67], transposeB: true },
  { a: [2, 20, 36], b: [2, 20, 40], transposeA: true },
  { a: [2, 1, 19, 36], b: [1, 3, 36, 8] },
];

describe.each([...productTiles.keys()])('tile %s', (product) => {
  const rows = shapes.map(({ a, b, transposeA = false, transposeB = false }) => {
    const name = `[${a}]${transposeA ? 'ᵀ' : ''} · [${b}]${transposeB ? 'ᵀ' : ''}`;
    return [name, { a, b, transposeA, transposeB }] as const;
  });
  test.each(rows)('%s', async (_name, { a, b, ...attrs }) => {
    const plan = await checkFused(
      (builder) => {
        const operands = [a, b].map((shape) => builder.input({ shape, dtype: 'float32' }));
        return builder.op('BatchMatMul', operands, attrs);
      },
      { targets: ['gpu'], overrides: { choose: () => product, unrolls: false } },
    );
    expect(labelsOf(plan)).toEqual(['BatchMatMul']);
  });
});
