/** Recurrent layers whose steps are one kernel, against tfjs's cpu kernels one step after the other. */
import { checkFused, labelsOf } from '../../support/differential';
import { CELLS, unroll, type UnrolledSizes } from '../../support/recurrent-cells';

const SIZES: Readonly<Record<string, UnrolledSizes>> = {
  'rows that fill no tile': { steps: 4, rows: 5, units: 12, depth: 4 },
  'a prime number of units': { steps: 5, rows: 1, units: 7, depth: 3 },
};

const CASES = Object.keys(CELLS).flatMap((cell) =>
  Object.keys(SIZES).map((sizes) => [cell, sizes] as const),
);

test.each(CASES)('%s, %s', async (cell, sizes) => {
  const plan = await checkFused((b) => unroll(b, CELLS[cell], SIZES[sizes]).states, {
    tolerance: 'transcendental',
    // A tile of three rows, and one of two.
    overrides: { busyWorkgroups: 2 },
  });
  const steps = labelsOf(plan).filter((label) => label.includes('Recurrence'));
  expect(steps).toHaveLength(1);
});

test('one unit and one column of input, on every kind of adapter', async () => {
  const sizes = { steps: 4, rows: 2, units: 1, depth: 1 };
  await checkFused((b) => unroll(b, CELLS.GRU, sizes).states, {
    tolerance: 'transcendental',
    targets: ['software', 'mobile gpu', 'few workgroups', 'gpu, any size'],
  });
});

test('outputs of some steps, more columns than invocations', async () => {
  const sizes = { steps: 5, rows: 3, units: 100, depth: 2 };
  const plan = await checkFused((b) => unroll(b, CELLS.LSTM, sizes).outputs.slice(3), {
    tolerance: 'transcendental',
  });
  expect(labelsOf(plan).some((label) => label.includes('Recurrence'))).toBe(true);
});
