/** A device goes with the last backend on it, if it is nobody else's. */
import * as tf from '@tensorflow/tfjs-core';
import * as fused from '../../../src/index';
import { useBackend } from '../../support/gpu';

const current = (): fused.WebGPUFusedBackend => tf.backend() as fused.WebGPUFusedBackend;

async function freshBackend(): Promise<fused.WebGPUFusedBackend> {
  if (tf.findBackendFactory(fused.BACKEND_NAME)) tf.removeBackend(fused.BACKEND_NAME);
  fused.register();
  await useBackend(tf, fused.BACKEND_NAME);
  return current();
}

async function compute(): Promise<number[]> {
  return [...(await tf.add(tf.tensor1d([1, 2]), 1).data())];
}

/** Whether a device is destroyed within a moment. */
async function isDestroyed(device: GPUDevice): Promise<boolean> {
  const moment = new Promise<null>((resolve) => setTimeout(() => resolve(null), 50));
  const info = await Promise.race([device.lost, moment]);
  return info?.reason === 'destroyed';
}

test('our own is destroyed with its backend', async () => {
  const { device } = await freshBackend();
  expect(await compute()).toEqual([2, 3]);
  expect(await isDestroyed(device)).toBe(false);
  tf.removeBackend(fused.BACKEND_NAME);
  expect(await isDestroyed(device)).toBe(true);
  expect((await freshBackend()).device).not.toBe(device);
  expect(await compute()).toEqual([2, 3]);
});

test('a backend that is disposed of twice lets go once', async () => {
  const backend = await freshBackend();
  const other = new fused.WebGPUFusedBackend(backend.device);
  other.dispose();
  other.dispose();
  expect(await isDestroyed(backend.device)).toBe(false);
  expect(await compute()).toEqual([2, 3]);
});

test('one that another backend uses goes with that', async () => {
  const { device } = await freshBackend();
  const other = new fused.WebGPUFusedBackend(device);
  tf.removeBackend(fused.BACKEND_NAME);
  expect(await isDestroyed(device)).toBe(false);
  other.dispose();
  expect(await isDestroyed(device)).toBe(true);
});

test('one of ours that the app takes over stays', async () => {
  const { device } = await freshBackend();
  fused.useDevice(device);
  expect((await freshBackend()).device).toBe(device);
  expect(await compute()).toEqual([2, 3]);
  tf.removeBackend(fused.BACKEND_NAME);
  expect(await isDestroyed(device)).toBe(false);
});

test('one of the app stays', async () => {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter!.requestDevice();
  fused.useDevice(device);
  expect((await freshBackend()).device).toBe(device);
  tf.removeBackend(fused.BACKEND_NAME);
  expect(await isDestroyed(device)).toBe(false);
});
