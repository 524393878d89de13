/** Compares a case of the sweep with `cpu`, element by element. */
import { takeGpuErrors } from '../gpu';
import { answersOf, specDifference, type Answer } from '../sweep-answers';
import { withFlushedEdges, type Closeness, type EdgeCase } from './cases';

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
  // One operation may take a denormal for zero, and the next may not.
  if (Math.max(Math.abs(actual), Math.abs(expected)) < SMALLEST_NORMAL) return true;
  return Math.abs(actual - expected) <= ROUNDINGS * Math.abs(expected);
}

/** @param expected several answers, each of which any element may have. */
function differenceOf(
  actual: Answer,
  expected: readonly Answer[],
  closeness: Closeness,
): string | null {
  const [exact] = expected;
  const spec = specDifference(actual, exact);
  if (spec) return spec;
  const wrong = exact.values.flatMap((value, i) =>
    expected.some(({ values }) => isClose(actual.values[i], values[i], closeness))
      ? []
      : [`element ${i} is ${actual.values[i]}, expected ${value}`],
  );
  return wrong.length === 0 ? null : wrong.slice(0, 3).join('; ');
}

/** What is wrong with the answers of the backend in use; null where nothing is. */
export async function sweepEdge(
  backend: string,
  { run, reference = run, closeness }: EdgeCase,
): Promise<string | null> {
  const expected = await answersOf('cpu', reference);
  const flushed = await answersOf('cpu', () => withFlushedEdges(reference));
  if (expected instanceof Error || flushed instanceof Error) {
    const { message } = (expected instanceof Error ? expected : flushed) as Error;
    return `cpu throws ${message}; the case needs a reference`;
  }
  const actual = await answersOf(backend, run);
  const [error] = await takeGpuErrors();
  if (error) return error.split('\n', 1)[0];
  if (actual instanceof Error) return `throws ${actual.message}`;
  if (actual.length !== expected.length) return `${actual.length} results`;
  for (const [at, answer] of actual.entries()) {
    const difference = differenceOf(answer, [expected[at], flushed[at]], closeness);
    if (difference) return `result ${at}: ${difference}`;
  }
  return null;
}
