/** Gives up runs that call kernels without end: on a device that computes nothing, a loop's counter stays 0. */
import * as tf from '@tensorflow/tfjs-core';

/** More than any random program or model calls. */
const MOST_CALLS = 1_000;

export class EndlessError extends Error {}

/** @throws EndlessError where a run calls more kernels than any that ends. */
export async function withBudget<T>(run: () => Promise<T>): Promise<T> {
  const engine = tf.engine();
  const { runKernel } = engine;
  let calls = 0;
  engine.runKernel = ((...args: Parameters<typeof runKernel>) => {
    if (++calls > MOST_CALLS) throw new EndlessError(`it calls more than ${MOST_CALLS} kernels`);
    return runKernel.apply(engine, args);
  }) as typeof runKernel;
  try {
    return await run();
  } finally {
    engine.runKernel = runKernel;
  }
}
