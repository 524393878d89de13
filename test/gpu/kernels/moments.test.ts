/** Means and variances from one kernel of two results, each with what follows it. */
import type { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import { compilePlan } from '../../../src/compiler/compile';
import {
  buildGraph,
  checkFused,
  labelsOf,
  runPlan,
  targetNamed,
  TARGETS,
} from '../../support/differential';

/** Shape and axes: last, first, inner, several, all; four at a time or not; shared by a workgroup. */
// prettier-ignore
const SPACES: readonly (readonly [shape: readonly number[], axes: readonly number[]])[] = [
  [[7], [0]],
  [[1, 1], [1]],
  [[5, 8], [1]],
  [[6, 8], [0]],
  [[3, 5, 2, 4], [1]],
  [[2, 3, 5, 7], [0, 1, 2, 3]],
  [[1, 13, 11, 4], [1, 2]],
  [[3, 261], [1]],
  [[2, 1028], [1]],
  [[2, 3, 2, 1, 3, 4], [1, 5]],
];

const moments = (b: GraphBuilder, x: Value, axes: readonly number[], keepDims: boolean) =>
  b.ops('Moments', [x], { axes: [...axes], keepDims });

test.each(SPACES.map(([shape, axes]) => [shape.join('×'), axes.join(), shape, axes] as const))(
  'both moments of %s over %s',
  async (_shape, _axes, shape, axes) => {
    for (const keepDims of [false, true]) {
      const plan = await checkFused(
        (b) => {
          // Around 2: a mean near 0 would be judged by the roundings of its terms.
          const x = b.op('Add', [b.input({ shape, dtype: 'float32' }), b.scalar(2)]);
          return moments(b, x, axes, keepDims);
        },
        { tolerance: 'summation', targets: TARGETS },
      );
      expect(labelsOf(plan)).toEqual(['Add → Moments']);
    }
  },
);

test('one alone, and what follows both', async () => {
  const shape = [4, 36];
  const alone = await checkFused(
    (b) => moments(b, b.input({ shape, dtype: 'float32' }), [1], true)[1],
    { tolerance: 'arithmetic' },
  );
  expect(labelsOf(alone)).toEqual(['Moments']);
  const joined = await checkFused(
    (b) => {
      const x = b.op('Exp', [b.input({ shape, dtype: 'float32' })]);
      const [mean, variance] = moments(b, x, [1], true);
      return [b.op('Add', [mean, b.op('Sqrt', [variance])]), variance];
    },
    { tolerance: 'arithmetic' },
  );
  expect(labelsOf(joined)).toEqual(['Exp → Moments → Sqrt → Add']);
});

test('mean and variance as tf.moments writes them', async () => {
  const plan = await checkFused(
    (b) => {
      const x = b.input({ shape: [6, 20], dtype: 'float32' });
      const mean = b.op('Mean', [x], { axes: [1], keepDims: true });
      const squares = b.op('SquaredDifference', [x, mean]);
      return [mean, b.op('Mean', [squares], { axes: [1], keepDims: false })];
    },
    { tolerance: 'arithmetic' },
  );
  expect(labelsOf(plan)).toEqual(['Moments → Reshape']);
});

test('rows of one value have a variance of exactly 0, whatever their magnitude', async () => {
  const graph = buildGraph((b) =>
    moments(b, b.input({ shape: [2, 300], dtype: 'float32' }), [1], false),
  );
  const plan = compilePlan(graph, await targetNamed('gpu'), 'test');
  const rows = Array.from({ length: 600 }, (_, i) => (i < 300 ? 1e8 + 8 : Math.fround(0.1)));
  const [mean, variance] = await runPlan(plan, [rows]);
  expect([...Array.from(mean), ...Array.from(variance)]).toEqual([1e8 + 8, Math.fround(0.1), 0, 0]);
});
