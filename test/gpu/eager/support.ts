/** What the tests of the lazy backend share. */
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-webgpu';
import { lastTrace, type FlushTrace } from '../../../src/index';
import { useBackend } from '../../support/gpu';

export { tf };

/** Makes `webgpu-fused` current, with laziness on. */
export async function useLazy(): Promise<void> {
  await useBackend(tf, 'webgpu-fused');
  tf.env().set('WEBGPU_FUSED_LAZY', true);
}

/** Makes a reference backend current. */
export async function useReference(name: 'webgpu' | 'cpu' = 'webgpu'): Promise<void> {
  await useBackend(tf, name);
}

/** The last flush; fails where there was none. */
export function trace(): FlushTrace {
  const last = lastTrace();
  if (!last) throw new Error('Nothing was flushed.');
  return last;
}

/** A tensor on the GPU, the same on every backend. */
export function resident(shape: number[], seed: number): tf.Tensor {
  const tensor = tf.randomUniform(shape, -1, 1, 'float32', seed);
  const backend = tf.backend() as { uploadToGPU?(dataId: object): void };
  backend.uploadToGPU?.(tensor.dataId);
  return tensor;
}

/** The same program's values on a reference and here. */
export async function compare(
  program: () => tf.Tensor,
  {
    reference = 'webgpu',
    tolerance = 1e-5,
  }: { reference?: 'webgpu' | 'cpu'; tolerance?: number } = {},
): Promise<void> {
  await useReference(reference);
  const expected = await valuesOf(program);
  await useLazy();
  const actual = await valuesOf(program);
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.dtype).toBe(expected.dtype);
  expectClose(actual.values, expected.values, tolerance);
}

async function valuesOf(program: () => tf.Tensor) {
  const result = tf.tidy(program);
  const values = Array.from(await result.data());
  const { shape, dtype } = result;
  result.dispose();
  return { values, shape, dtype };
}

/** Elementwise, relative to the largest expected value; NaN equals NaN. */
export function expectClose(
  actual: readonly number[],
  expected: readonly number[],
  tolerance = 1e-5,
): void {
  expect(actual).toHaveLength(expected.length);
  const scale = Math.max(1, ...expected.filter(Number.isFinite).map(Math.abs));
  const at = expected.findIndex((value, i) => {
    if (Object.is(actual[i], value) || actual[i] === value) return false;
    return !(Math.abs(actual[i] - value) <= tolerance * scale);
  });
  if (at >= 0) throw new Error(`Element ${at} is ${actual[at]}, expected ${expected[at]}.`);
}
