/** Means and variances of the same rows, from one kernel that has both. */
import { any, named } from '../match';
import type { FusionRule, Match, Replacement } from '../rule';
import { commonAxes, isPerRow, mean, spread, varianceAround } from './statistics';

const x = any('x');
const average = named('average', mean(x));

function checkRows(match: Match): string | readonly number[] {
  const input = match.value('x');
  if (input.dtype !== 'float32') return `x is ${input.dtype}`;
  const axes = commonAxes(match.nodes);
  if (!axes) return 'its mean and its variance are taken over different axes';
  const met = match.value('met');
  if (!isPerRow(met, input, axes)) {
    return `its mean [${met.shape}] is not one for each row of x [${input.shape}]`;
  }
  return axes;
}

/** tf.moments, where a normalisation has not taken both in: statistics of a batch, in training. */
export const moments: FusionRule<readonly number[]> = {
  name: 'moments',
  equation: 'mean(x), mean((x − mean(x))²) ⇒ moments(x)',
  match: varianceAround(x, named('met', spread(average))),
  leaks: 'keep',
  check: checkRows,
  rewrite(match, build, axes) {
    const [value, variance] = build.ops('Moments', [match.value('x')], {
      axes: [...axes],
      keepDims: false,
    });
    const [top] = match.root.outputs;
    const known = match.value('average');
    const replacements: Replacement[] = [
      [known, build.reshape(value, known.shape)],
      [top, build.reshape(variance, top.shape)],
    ];
    return replacements;
  },
};
