/** Diagonals as index maps: into the loop that reads them, and into kernels with loops of their own. */
import type { DType } from '../../../src/ir/graph';
import { checkFused, labelsOf } from '../../support/differential';

const SHAPES = [[1], [4], [3], [2, 4], [5, 1], [2, 3, 2]] as const;

test.each(SHAPES.map((shape) => [shape] as const))('%j, in one loop', async (shape) => {
  const plan = await checkFused((b) =>
    b.op('Neg', [b.op('Diag', [b.input({ shape, dtype: 'float32' })])]),
  );
  expect(plan.dispatches).toHaveLength(1);
});

test.each<[DType]>([['float32'], ['int32'], ['bool']])('of %s', (dtype) =>
  checkFused((b) => b.op('Diag', [b.input({ shape: [7], dtype })])),
);

test('zeros beside NaN and infinities, −0 on the diagonal', () =>
  checkFused((b) => b.op('Diag', [b.input({ shape: [5], dtype: 'float32' })]), {
    inputs: [[NaN, Infinity, 1, -Infinity, -0]],
  }));

test('transposed, and of a sum, as an operand of a product', async () => {
  const plan = await checkFused((b) => {
    const [x, y] = [0, 1].map(() => b.input({ shape: [6], dtype: 'float32' }));
    const scale = b.transpose(b.op('Diag', [b.op('Add', [x, y])]), [1, 0]);
    const rows = b.input({ shape: [5, 6], dtype: 'float32' });
    return b.op('BatchMatMul', [rows, scale], { transposeA: false, transposeB: false });
  });
  expect(labelsOf(plan)).toEqual(['Add → BatchMatMul']);
});

test('what small constants come to is known on the host', async () => {
  const plan = await checkFused((b) => {
    const eye = b.op('Diag', [b.hostConstant([2, 3], 'float32', [1, 2, 3, 4, 5, 6])]);
    return b.op('Add', [b.input({ shape: [2, 3, 2, 3], dtype: 'float32' }), eye]);
  });
  expect(plan.dispatches.map(({ label }) => label)).toEqual(['Add']);
});
