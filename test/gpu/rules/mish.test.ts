/** Mish written out, fused into what computes its argument. */
import { checkFused, labelsOf } from '../../support/differential';

test.each([
  ['scalars', [3, 5, 7]],
  ['vectors', [2, 8]],
] as const)('in the loop that computes its argument: %s', async (_what, shape) => {
  const plan = await checkFused(
    (b) => {
      const x = b.op('Multiply', [b.input({ shape, dtype: 'float32' }), b.scalar(9)]);
      return b.op('Multiply', [x, b.op('Tanh', [b.op('Softplus', [x])])]);
    },
    { tolerance: 'transcendental' },
  );
  expect(labelsOf(plan)).toEqual(['Multiply → Mish']);
});

test('NaN, infinities and what overflows an exponential', () =>
  checkFused(
    (b) => {
      const x = b.input({ shape: [8], dtype: 'float32' });
      return b.op('Multiply', [x, b.op('Tanh', [b.op('Log1p', [b.op('Exp', [x])])])]);
    },
    { tolerance: 'transcendental', inputs: [[NaN, Infinity, -Infinity, 0, 44, 89, -89, -1e30]] },
  ));
