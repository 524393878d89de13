/** Compares a case of the sweep with `cpu`, element by element. */
import { takeGpuErrors } from '../gpu';
import { answersOf, specDifference, type Answer } from '../sweep-answers';
import type { Closeness, EdgeCase } from './cases';

const SMALLEST_NORMAL = 2 ** -126;
/** WGSL divides to 2.5 ulp; products and sums of a few terms are closer. */
const ROUNDINGS = 4 * 2 ** -23;

/** Whether `actual` may stand for `expected`. */
export function isClose(actual: number, expected: number, closeness: Closeness): boolean {
  if (Object.is(actual, expected)) return true;
  if (actual === 0 && Math.abs(expected) < SMALLEST_NORMAL) {
    // A zero is not another zero where every bit counts; a denormal may be flushed.
    return closeness !== 'bits' || expected !== 0;
  }
  if (closeness !== 'rounded') return false;
  return Math.abs(actual - expected) <= ROUNDINGS * Math.abs(expected);
}

function differenceOf(actual: Answer, expected: Answer, closeness: Closeness): string | null {
  const spec = specDifference(actual, expected);
  if (spec) return spec;
  const wrong = expected.values.flatMap((value, i) =>
    isClose(actual.values[i], value, closeness)
      ? []
      : [`element ${i} is ${actual.values[i]}, expected ${value}`],
  );
  return wrong.length === 0 ? null : wrong.slice(0, 3).join('; ');
}

/** What is wrong with the answers of the backend in use; null where nothing is. */
export async function sweepEdge(
  backend: string,
  { run, reference, closeness }: EdgeCase,
): Promise<string | null> {
  const expected = await answersOf('cpu', reference ?? run);
  if (expected instanceof Error)
    return `cpu throws ${expected.message}; the case needs a reference`;
  const actual = await answersOf(backend, run);
  const [error] = await takeGpuErrors();
  if (error) return error.split('\n', 1)[0];
  if (actual instanceof Error) return `throws ${actual.message}`;
  if (actual.length !== expected.length) return `${actual.length} results`;
  for (const [at, answer] of expected.entries()) {
    const difference = differenceOf(actual[at], answer, closeness);
    if (difference) return `result ${at}: ${difference}`;
  }
  return null;
}
