/**
 * What laziness costs in JavaScript: a thousand small ops that repeat, and that never do. These come
 * last: after them nothing is recorded until it comes again.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Workload } from './workload';

const OPS = 1000;
const SHAPE = [16, 16];

function smallOps(name: string, jsLimit: number, bound: () => number): Workload {
  return {
    name,
    group: 'overhead',
    jsLimit,
    async open() {
      const x = tf.randomUniform(SHAPE, -1, 1, 'float32', 1);
      const shared = tf.randomUniform(SHAPE, 0.5, 1, 'float32', 2);
      return {
        run: () => [
          tf.tidy(() => {
            let value: tf.Tensor = x;
            for (let at = 0; at < OPS / 2; at++) {
              const limit = bound();
              value = tf.mul(tf.clipByValue(value, -limit, limit), shared);
            }
            return value;
          }),
        ],
        dispose: () => tf.dispose([x, shared]),
      };
    },
  };
}

/** Both sides count for themselves, and so see the same numbers. */
const counters = new Map<string, number>();

function neverTheSame(): number {
  const backend = tf.getBackend();
  const next = (counters.get(backend) ?? 0) + 1;
  counters.set(backend, next);
  return 1 + next * 1e-6;
}

export const overhead: readonly Workload[] = [
  smallOps('1,000 small ops that repeat', 1, () => 1),
  smallOps('1,000 small ops that never repeat', 1.25, neverTheSame),
];
