/**
 * How far a fused result may be from the cpu backend's, relative to the largest finite element of
 * the expected output. One table: a test names a row, and never brings a number of its own.
 *
 * Summation tests use whole numbers: every order of additions is exact below 2^24, so convolutions,
 * products, sums and pools are compared exactly, and only what rounds by nature is given room.
 */
export const TOLERANCE = {
  /** Movement, integers, comparisons, and float32 arithmetic on whole numbers. */
  exact: 0,
  /** A few roundings more or fewer: WGSL divides to 2.5 ulp, and may contract `a * b + c`. */
  arithmetic: 1e-6,
  /** exp to 3 + 2|x| ulp, and what is built on it (sigmoid, tanh, erf, softmax), |x| below 10. */
  transcendental: 4e-6,
  /** Sums of up to 300 products of real numbers in another order: 300 roundings of 2^-24, √ of it. */
  summation: 2e-6,
} as const;

export type ToleranceName = keyof typeof TOLERANCE;

/** The first element that is off by more than `allowed`, as a message; null if there is none. */
export function findDifference(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  allowed: number,
): string | null {
  if (actual.length !== expected.length) {
    return `${actual.length} elements, not ${expected.length}`;
  }
  for (let i = 0; i < expected.length; i++) {
    // Equal infinities have no difference; a NaN is right where a NaN is expected, and only there.
    if (actual[i] === expected[i] || Object.is(actual[i], expected[i])) continue;
    if (Math.abs(actual[i] - expected[i]) <= allowed) continue;
    return `element ${i} is ${actual[i]}, not ${expected[i]} (allowed: ${allowed})`;
  }
  return null;
}

/** The largest finite magnitude, which tolerances are relative to. */
export function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (const value of Array.from(values)) {
    if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
  }
  return most;
}
