/** Runs something on `cpu` and on `webgpu-fused`, and compares. */
import * as tf from '@tensorflow/tfjs-core';
import type { WebGPUFusedBackend } from '../../src/backend/backend';
import { findDivergences } from '../../src/verify/divergence';
import { PlanRecorder } from '../../src/verify/plan-audit';

export interface Result {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: readonly number[];
}

export async function resultOf(tensor: tf.Tensor): Promise<Result> {
  const values = Array.from((await tensor.data()) as ArrayLike<number>);
  return { shape: tensor.shape, dtype: tensor.dtype, values };
}

/** Rounding is for the reference to judge; what is this far off is another answer. */
const COARSE = 1e-2;

/** The first thing about a result that is not as it should be; null if there is none. */
export function differenceOf(actual: Result, expected: Result): string | null {
  if (String(actual.shape) !== String(expected.shape) || actual.dtype !== expected.dtype) {
    const spec = ({ dtype, shape }: Result) => `${dtype} [${shape}]`;
    return `it is ${spec(actual)}, not ${spec(expected)}`;
  }
  const largest = expected.values.reduce(
    (most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most),
    0,
  );
  const room = expected.dtype === 'float32' ? COARSE * largest + 1e-30 : 0;
  const at = expected.values.findIndex((x, i) => {
    const y = actual.values[i];
    if (Object.is(x, y) || x === y || Math.abs(x - y) <= room) return false;
    // Where an answer is not finite, one rounding before it may decide what else it is.
    return expected.dtype !== 'float32' || Number.isFinite(x);
  });
  return at < 0 ? null : `element ${at} is ${actual.values[at]}, not ${expected.values[at]}`;
}

/** Runs on the fused backend, and judges every plan that is compiled for it by the reference. */
export async function judged<T>(run: () => Promise<T>): Promise<T> {
  await tf.setBackend('webgpu-fused');
  const device = tf.backend() as WebGPUFusedBackend;
  const recorder = new PlanRecorder(device);
  device.auditor = recorder;
  let result: T;
  try {
    result = await run();
    device.runPending();
  } finally {
    device.auditor = null;
  }
  for (const planRun of recorder.runs) {
    const [found] = await findDivergences(device, planRun, await planRun.contents);
    if (found) throw new Error(`${found.kind}: ${found.message}\n${found.wgsl ?? ''}`);
  }
  return result;
}

/** Whether the backend still computes: after whatever was tried before. */
export async function assertAlive(): Promise<void> {
  await tf.setBackend('webgpu-fused');
  const sum = tf.tidy(() => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
    return tf.sum(tf.relu(tf.matMul(x, x, false, true)));
  });
  const [value] = await sum.data();
  sum.dispose();
  if (value !== 14 + 32 + 32 + 77) throw new Error(`afterwards, 155 is ${value}`);
}
