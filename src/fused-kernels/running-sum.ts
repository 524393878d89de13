/**
 * Sums of many terms by one invocation: four terms to a block, four blocks to a larger one, and so
 * on, so that roundings grow with the logarithm of the number of terms, nearly as in pairwise
 * summation: Higham, "The Accuracy of Floating Point Summation" (1993). Compensated summation would
 * do better still, but shader compilers may cancel its corrections.
 */
import type { KernelEmission } from './emit';

/** Terms of a block, and blocks of a larger one: a power of two. */
const BLOCK = 4;

/** The last level takes what is left: beyond 4⁵ terms its roundings grow with a 256th of them. */
const LEVELS = 5;

/** Sums of up to so many terms are taken as they come. All longer ones have the same text. */
const SHORT = 16;

export interface RunningSum {
  /** Adds a term; `trip` is the number, from 0, of the loop's turn. */
  add(code: string, trip: string): void;
  /** The sum, as an expression; valid after the loop. */
  readonly total: string;
}

/** Declares the variables of a sum of up to `terms` terms, one each turn of a loop. */
export function runningSum(
  { writer }: KernelEmission,
  name: string,
  type: string,
  terms: number,
): RunningSum {
  const levels = terms > SHORT ? LEVELS : 1;
  const parts = Array.from({ length: levels }, (_, level) => `${name}${level || ''}`);
  for (const part of parts) writer.statement(`var ${part} = ${type}(0.0);`);
  const flush = (level: number, trip: string): void => {
    if (level + 1 === levels) return;
    const last = BLOCK ** (level + 1) - 1;
    writer.block(`if ((${trip} & ${last}) == ${last})`, () => {
      writer.statement(`${parts[level + 1]} += ${parts[level]};`);
      writer.statement(`${parts[level]} = ${type}(0.0);`);
      flush(level + 1, trip);
    });
  };
  return {
    add(code, trip) {
      writer.statement(`${name} += ${code};`);
      flush(0, trip);
    },
    total: parts.reduce((sum, part) => `(${part} + ${sum})`),
  };
}
