/** Runs the cases of the sweep on a backend, every kernel at once, and compares with `cpu`. */
import { takeGpuErrors } from '../gpu';
import { answersOf, specDifference, type Answer } from '../sweep-answers';
import type { SweepCase } from './cases';

/** Of the largest answer: sums of some dozen terms are much closer. */
const TOLERANCE = 1e-4;
/** WGSL lets these be off by 4096 ulp of 1. */
const ARC_TOLERANCE = 5e-4;
const ARC = new Set(['Asin', 'Acos']);

const toleranceOf = ({ name }: SweepCase): number =>
  ARC.has(name.split(' ', 1)[0]) ? ARC_TOLERANCE : TOLERANCE;

function differs(actual: Answer, expected: Answer, tolerance: number): string | null {
  const spec = specDifference(actual, expected);
  if (spec) return spec;
  const scale = Math.max(1, ...expected.values.filter(Number.isFinite).map(Math.abs));
  const most = expected.dtype === 'float32' ? tolerance * scale : 0;
  const at = expected.values.findIndex((value, i) => {
    const other = actual.values[i];
    return !(Object.is(other, value) || other === value || Math.abs(other - value) <= most);
  });
  return at < 0 ? null : `element ${at} is ${actual.values[at]}, expected ${expected.values[at]}`;
}

/** What is wrong with the answers of a backend to a case; null where nothing is. */
export async function sweepOne(backend: string, one: SweepCase): Promise<string | null> {
  const expected = await answersOf('cpu', one.reference ?? one.run);
  if (expected instanceof Error) return null;
  const actual = await answersOf(backend, one.run);
  const [error] = await takeGpuErrors();
  if (error) return error.split('\n', 1)[0];
  if (actual instanceof Error) return `throws ${actual.message}`;
  if (actual.length !== expected.length) return `${actual.length} results`;
  for (const [at, answer] of actual.entries()) {
    const difference = differs(answer, expected[at], toleranceOf(one));
    if (difference) return `result ${at}: ${difference}`;
  }
  return null;
}
