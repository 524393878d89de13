/** A model that keeps a GPU busy, and how one is opened as a workload of both sides. */
import * as tf from '@tensorflow/tfjs-core';
import { uploadInputs } from '../../src/measure/inference';
import type { Workload } from '../eager/workload';
import { WeightSource } from './weights';

/** A program with its weights on the backend that was active when it was opened. */
export interface OpenProgram {
  run(inputs: readonly tf.Tensor[]): tf.Tensor;
  dispose(): void;
}

export interface Program {
  readonly name: string;
  /** Most dispatches that a warm call of ours may take. */
  readonly dispatches: number;
  readonly inputs: readonly (readonly number[])[];
  open(): OpenProgram;
}

/** Stock's time over ours, at least. */
export const WANTED_RATIO = 1.5;

/** Calls are captured; where the backend is not ours, that changes nothing. */
export function workloadOf({ name, dispatches, inputs, open }: Program): Workload {
  return {
    name,
    group: 'busy',
    floor: dispatches,
    wallLimit: 1 / WANTED_RATIO,
    async open() {
      // Not before there is a GPU: stock registers itself when it is loaded, if it sees one.
      const { capture } = await import('../../src/pure');
      const program = open();
      const source = new WeightSource();
      const tensors = inputs.map((shape) => tf.tensor(source.next(shape, 0.5), [...shape]));
      uploadInputs(Object.fromEntries(tensors.map((tensor, i) => [String(i), tensor])));
      const call = capture((...given: tf.Tensor[]) => program.run(given));
      return {
        run: () => [call(...tensors)],
        dispose() {
          call.dispose();
          tf.dispose(tensors);
          program.dispose();
        },
      };
    },
  };
}
