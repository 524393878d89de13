/**
 * How exactly the reference computes. In doubles, it is what results are judged by. In float32, with
 * the errors that WGSL allows drawn at random, it shows how far a correct implementation may be off on
 * these very inputs (Parker, "Monte Carlo Arithmetic", 1997).
 */
import { ACCURACY } from './accuracy';

export interface Precision {
  /** Whether sums are rounded to float32 after each addition. */
  readonly isSingle: boolean;
  /** A float32 result of an elementwise kernel, given the exact one. */
  round(kernel: string, args: readonly number[], exact: number): number;
}

/** Doubles throughout. */
export const DOUBLE: Precision = { isSingle: false, round: (_kernel, _args, exact) => exact };

/** Kernels in which a compiler may cancel x − x: it may be written as x + (−x). */
const CANCELS: ReadonlySet<string> = new Set(['Sub', 'Add', 'SquaredDifference']);

/**
 * Doubles in which operations on infinities that IEEE calls invalid, ∞ − ∞ and its like, give 0, and sums of two
 * NaN as well: WGSL lets compilers assume that there is neither, and cancel.
 */
export const CANCELLING: Precision = {
  isSingle: false,
  round(kernel, args, exact) {
    if (!Number.isNaN(exact)) return exact;
    const isInvalid = !args.some(Number.isNaN) && args.some((x) => Math.abs(x) === Infinity);
    return isInvalid || (CANCELS.has(kernel) && args.every(Number.isNaN)) ? 0 : exact;
  },
};

/** float32, each result off by up to what WGSL allows it. */
export function single(seed: number): Precision {
  const random = uniform(seed);
  return {
    isSingle: true,
    round(kernel, args, exact) {
      const allowed = ACCURACY[kernel]?.(args, exact) ?? 0;
      return Math.fround(allowed > 0 ? exact + allowed * (2 * random() - 1) : exact);
    },
  };
}

/** Numbers in [0, 1), the same for the same seed: Marsaglia's xorshift32. */
export function uniform(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
