/**
 * When a result is wrong. Its error against the reference may be three times that of the original ops,
 * run by tfjs or computed in float32 on the host, or some roundings of its largest element, whichever is
 * more. Integers and bools have to agree with one of them. Where ∞ − ∞ and its like come into an element, a
 * second answer is as good: that of a compiler that cancels, as WGSL allows it.
 */
import type { DType } from '../ir/graph';
import type { Doubles } from './reference';

/** How much worse than the original a fused result may be. */
const MARGIN = 3;
/** Roundings of the largest element that nobody can help. */
const FLOOR = 4 * 2 ** -23;
/** Denormals may be flushed. */
const SMALLEST_NORMAL = 2 ** -126;
/** An original that is farther off than this many samples of float32 says nothing of what is allowed. */
const MAX_ORIGINAL = 100;

/** What a result is judged by, element by element; see the top of the file. */
export interface Evidence {
  readonly dtype: DType;
  readonly expected: Doubles;
  /** The same computed in float32 on the host, with the errors that WGSL allows. */
  readonly samples: readonly ArrayLike<number>[];
  /** What the original ops gave. */
  readonly original?: ArrayLike<number>;
  /** The expected where compilers cancel infinities. */
  readonly cancelled?: Doubles;
}

/** What is wrong with a result. */
export interface Difference {
  /** Elements that are wrong, the position of the first, and what it is and should be. */
  readonly count: number;
  readonly at: number;
  readonly actual: number;
  readonly expected: number;
  /** Largest error that the result may have. */
  readonly allowed: number;
}

/** How far an element is off; infinite where only one side is finite. */
function deviation(actual: number, expected: number): number {
  const stored = Math.fround(expected);
  if (Object.is(actual, stored) || actual === stored) return 0;
  if (!Number.isFinite(actual) || !Number.isFinite(stored)) return Infinity;
  return Math.abs(actual - expected);
}

/** The largest error of elements that are finite where they should be. */
export function errorOf(actual: ArrayLike<number>, expected: Doubles): number {
  let error = 0;
  for (let i = 0; i < expected.length; i++) {
    const off = deviation(actual[i], expected[i]);
    if (off > error && off !== Infinity) error = off;
  }
  return error;
}

export function largestOf(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]);
    if (size > most && size !== Infinity) most = size;
  }
  return most;
}

/** The largest error that a float32 result may have. */
export function allowedError({ expected, samples, original }: Evidence): number {
  const floor = FLOOR * largestOf(expected) + SMALLEST_NORMAL;
  const sampled = Math.max(floor, ...samples.map((sample) => errorOf(sample, expected)));
  const own = original ? errorOf(original, expected) : 0;
  return Math.max(floor, MARGIN * sampled, own <= MAX_ORIGINAL * sampled ? MARGIN * own : 0);
}

/** What is wrong with a result; null if nothing is. */
export function findDifference(actual: ArrayLike<number>, evidence: Evidence): Difference | null {
  const { dtype, expected, samples, original, cancelled } = evidence;
  const isFloat = dtype === 'float32';
  const allowed = isFloat ? allowedError(evidence) : 0;
  const others = original ? [...samples, original] : samples;
  let first = -1;
  let count = 0;
  for (let i = 0; i < expected.length; i++) {
    const off = deviation(actual[i], expected[i]);
    if (off <= allowed) continue;
    if (cancelled && deviation(actual[i], cancelled[i]) <= allowed) continue;
    const isExcused = others.some((other) =>
      isFloat && off === Infinity
        ? deviation(other[i], expected[i]) === Infinity
        : !isFloat && other[i] === actual[i],
    );
    if (isExcused) continue;
    if (first < 0) first = i;
    count++;
  }
  if (first < 0) return null;
  return { count, at: first, actual: actual[first], expected: expected[first], allowed };
}
