/** One case on one backend: run until it is compiled, then recorded. */
import * as tf from '@tensorflow/tfjs-core';
import { seededNumbers } from '../../test/support/small-graph-model';
import { uploadInputs } from '../../src/measure/inference';
import { elements, type KernelCase, type NamedOps } from './case';
import type { DispatchRecorder, RecordedDispatch } from './recorder';
import { Replay } from './replay';

/** Calls before one is recorded: lazy fusion compiles by then, weights are found to be fixed. */
const CALLS_BEFORE = 6;

export interface RecordedCase {
  readonly replay: Replay;
  readonly dispatches: readonly RecordedDispatch[];
  readonly values: Float32Array;
}

/** Records a warm call of `entry` on the backend that is active, to be repeated. */
export function recordCase(
  device: GPUDevice,
  recorder: DispatchRecorder,
  entry: KernelCase,
  named?: NamedOps,
): Promise<RecordedCase> {
  return recordCall(recorder, entry, named, (dispatches, values) => ({
    replay: Replay.of(device, dispatches),
    dispatches,
    values,
  }));
}

/** Records a warm call, and hands it to `use` while its buffers are still there. */
export async function recordCall<T>(
  recorder: DispatchRecorder,
  entry: KernelCase,
  named: NamedOps | undefined,
  use: (dispatches: readonly RecordedDispatch[], values: Float32Array) => T,
): Promise<T> {
  const weights = tensorsOf(entry.weights, 100).map((value) => {
    const variable = tf.variable(value, false);
    value.dispose();
    return variable;
  });
  // Other tensors at every call, as in a model: what stays the same would be a weight.
  const inputs = [1, 2].map((seed) => tensorsOf(entry.inputs, seed));
  upload([...weights, ...inputs.flat()]);
  let values = new Float32Array();
  const call = async (turn: number): Promise<void> => {
    const y = tf.tidy(() => entry.run(inputs[turn % 2], weights, named));
    values = Float32Array.from(await y.data());
    y.dispose();
  };
  try {
    for (let turn = 1; turn <= CALLS_BEFORE; turn++) await call(turn);
    const dispatches = await recorder.record(() => call(0));
    return use(dispatches, values);
  } finally {
    tf.dispose([...weights, ...inputs.flat()]);
  }
}

/** Numbers about zero, small enough that sums of thousands stay so. */
function tensorsOf(shapes: readonly (readonly number[])[], seed: number): tf.Tensor[] {
  return shapes.map((shape, i) => {
    const numbers = seededNumbers(seed + 10 * i, elements(shape));
    return tf.tensor(numbers, [...shape], 'float32');
  });
}

function upload(tensors: readonly tf.Tensor[]): void {
  uploadInputs(Object.fromEntries(tensors.map((tensor, i) => [String(i), tensor])));
}
