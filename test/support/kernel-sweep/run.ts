/** Runs the cases of the sweep on a backend, every kernel at once, and compares with `cpu`. */
import * as tf from '@tensorflow/tfjs-core';
import { takeGpuErrors, useBackend } from '../gpu';
import type { SweepCase } from './cases';

interface Answer {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: readonly number[];
}

async function answersOf(backend: string, run: SweepCase['run']): Promise<Answer[] | Error> {
  await useBackend(tf, backend);
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

/** Of the largest answer: sums of some dozen terms are much closer. */
const TOLERANCE = 1e-4;
/** WGSL lets these be off by 4096 ulp of 1. */
const ARC_TOLERANCE = 5e-4;
const ARC = new Set(['Asin', 'Acos']);

const toleranceOf = ({ name }: SweepCase): number =>
  ARC.has(name.split(' ', 1)[0]) ? ARC_TOLERANCE : TOLERANCE;

function differs(actual: Answer, expected: Answer, tolerance: number): string | null {
  if (String(actual.shape) !== String(expected.shape)) {
    return `shape [${actual.shape}], expected [${expected.shape}]`;
  }
  if (actual.dtype !== expected.dtype) return `${actual.dtype}, expected ${expected.dtype}`;
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
