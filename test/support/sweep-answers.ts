/** What a case of a sweep answers on a backend, and whether its shapes and types are those of `cpu`. */
import * as tf from '@tensorflow/tfjs-core';
import { useBackend } from './gpu';

export interface Answer {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: readonly number[];
}

/** The results of `run` on a backend, or what it throws there. */
export async function answersOf(
  backend: string,
  run: () => tf.Tensor | tf.Tensor[],
): Promise<Answer[] | Error> {
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

/** How a result is specified otherwise than `expected` is; null if it is not. */
export function specDifference(actual: Answer, expected: Answer): string | null {
  if (String(actual.shape) !== String(expected.shape)) {
    return `shape [${actual.shape}], expected [${expected.shape}]`;
  }
  return actual.dtype === expected.dtype ? null : `${actual.dtype}, expected ${expected.dtype}`;
}
