/** Compares a case of the sweep with `cpu`, element by element. */
import * as tf from '@tensorflow/tfjs-core';
import { takeGpuErrors, useBackend } from '../gpu';
import type { Closeness, EdgeCase } from './cases';

interface Answer {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: readonly number[];
}

const SMALLEST_NORMAL = 2 ** -126;
/** WGSL divides to 2.5 ulp; products and sums of a few terms are closer. */
const ROUNDINGS = 4 * 2 ** -23;

async function answersOf(run: EdgeCase['run']): Promise<Answer[] | Error> {
  try {
    const results = tf.tidy(() => [run()].flat());
    const answers = await Promise.all(
      results.map(async (result) => ({
        shape: result.shape,
        dtype: result.dtype,
        values: Array.from(await result.data()),
      })),
    );
    tf.dispose(results);
    return answers;
  } catch (error) {
    return error as Error;
  }
}

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
  if (String(actual.shape) !== String(expected.shape)) {
    return `shape [${actual.shape}], expected [${expected.shape}]`;
  }
  if (actual.dtype !== expected.dtype) return `${actual.dtype}, expected ${expected.dtype}`;
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
  await useBackend(tf, 'cpu');
  const expected = await answersOf(reference ?? run);
  if (expected instanceof Error)
    return `cpu throws ${expected.message}; the case needs a reference`;
  await useBackend(tf, backend);
  const actual = await answersOf(run);
  const [error] = await takeGpuErrors();
  if (error) return error.split('\n', 1)[0];
  if (actual instanceof Error) return `throws ${actual.message}`;
  for (const [at, answer] of expected.entries()) {
    const difference = actual[at] ? differenceOf(actual[at], answer, closeness) : 'is missing';
    if (difference) return `result ${at}: ${difference}`;
  }
  return null;
}
