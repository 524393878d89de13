/** Dense layers with nothing but a bias between them, as one. */
import type { GraphBuilder } from '../../../src/ir/builder';
import type { Shape, Value } from '../../../src/ir/graph';
import { checkFused, labelsOf } from '../../support/differential';

function weight(b: GraphBuilder, shape: Shape): Value {
  const size = shape.reduce((product, dim) => product * dim, 1);
  return b.hostConstant(
    shape,
    'float32',
    Array.from({ length: size }, (_, i) => ((i * 5 + size) % 7) - 3),
  );
}

test.each<[Shape, Shape, Shape, boolean]>([
  [[5, 8], [8, 32], [32, 8], false],
  [[1, 7], [7, 29], [29, 5], true],
  [[2, 3, 8], [1, 8, 16], [1, 16, 4], true],
  [[65, 12], [12, 300], [300, 20], true],
])('%j · %j · %j, with a bias: %s', async (rows, a, c, hasBias) => {
  const plan = await checkFused((b) => {
    const plain = { transposeA: false, transposeB: false };
    let h = b.op('BatchMatMul', [b.input({ shape: rows, dtype: 'float32' }), weight(b, a)], plain);
    if (hasBias) h = b.op('Add', [h, weight(b, [h.shape[h.shape.length - 1]])]);
    return b.op('BatchMatMul', [h, weight(b, c)], plain);
  });
  expect(labelsOf(plan)).toHaveLength(1);
  expect(labelsOf(plan)[0]).toMatch(/^BatchMatMul/);
});

test('real numbers, three layers, transposed', async () => {
  const plan = await checkFused(
    (b) => {
      const attrs = { transposeA: false, transposeB: true };
      const real = (shape: number[], seed: number) =>
        b.hostConstant(
          shape,
          'float32',
          Array.from({ length: shape[0] * shape[1] }, (_, i) => Math.sin(i * seed)),
        );
      const x = b.input({ shape: [9, 10], dtype: 'float32' });
      const h = b.op('BatchMatMul', [x, real([30, 10], 1)], attrs);
      const g = b.op('BatchMatMul', [h, real([25, 30], 2)], attrs);
      return b.op('BatchMatMul', [g, real([6, 25], 3)], attrs);
    },
    { tolerance: 'summation' },
  );
  expect(labelsOf(plan)).toEqual(['BatchMatMul']);
});
