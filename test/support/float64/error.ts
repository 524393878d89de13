/** How far float32 answers are from a float64 reference. */

/** Distance between neighbouring float32 numbers around `x`. */
function ulpOf(x: number): number {
  return 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), -126) - 23);
}

/**
 * The largest error, in ulp of the largest finite element of the reference; where that is 0, in
 * ulp of 1. A NaN, or an infinity, that is not in both is infinitely wrong.
 */
export function errorInUlps(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let worst = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    if (Number.isFinite(expected[i])) largest = Math.max(largest, Math.abs(expected[i]));
    if (Object.is(actual[i], expected[i]) || actual[i] === expected[i]) continue;
    const error = Math.abs(actual[i] - expected[i]);
    worst = Math.max(worst, Number.isFinite(error) ? error : Infinity);
  }
  return worst / ulpOf(largest || 1);
}
