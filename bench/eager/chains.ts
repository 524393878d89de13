/** Chains of elementwise ops on a million floats. */
import * as tf from '@tensorflow/tfjs-core';
import type { Workload } from './workload';

const LENGTHS = [2, 6, 10, 30];
const SIZE = [1000, 1000];

/** With scalar operands, one shared operand, and none, in turn. */
const STEPS: readonly ((x: tf.Tensor, shared: tf.Tensor, at: number) => tf.Tensor)[] = [
  (x, _shared, at) => tf.add(x, 0.01 * at),
  (x, shared) => tf.mul(x, shared),
  (x) => tf.relu(x),
];

function chain(length: number): Workload {
  return {
    name: `chain of ${length}`,
    group: 'chain',
    floor: 1,
    wallLimit: length >= 6 ? 2 / 3 : undefined,
    async open() {
      const x = tf.randomUniform(SIZE, -1, 1, 'float32', 1);
      const shared = tf.randomUniform(SIZE, 0.5, 1, 'float32', 2);
      return {
        run: () => [
          tf.tidy(() => {
            let value: tf.Tensor = x;
            for (let at = 0; at < length; at++) value = STEPS[at % STEPS.length](value, shared, at);
            return value;
          }),
        ],
        dispose: () => tf.dispose([x, shared]),
      };
    },
  };
}

export const chains: readonly Workload[] = LENGTHS.map(chain);
