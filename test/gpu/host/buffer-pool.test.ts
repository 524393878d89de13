/** What the pools keep: neither buffers nor textures of sizes that never come back. */
import * as tf from '@tensorflow/tfjs-core';
import { BACKEND_NAME, type WebGPUFusedBackend } from '../../../src/index';
import { internalsOf } from '../../../src/host/internals';
import { useBackend } from '../../support/gpu';

const backend = (): WebGPUFusedBackend => tf.backend() as WebGPUFusedBackend;

/** Submissions after which nothing that was free before them is kept. */
const LONG = 256;

function submit(): void {
  backend().ensureCommandEncoderReady();
  backend().submitQueue();
}

beforeAll(() => useBackend(tf, BACKEND_NAME));

test('kernels of ever other sizes hold what is in use, and are right', async () => {
  tf.env().set('WEBGPU_FUSED_LAZY', false);
  const weight = tf.tensor1d([3]);
  const { bufferManager } = backend();
  let most = 0;
  for (let size = 1000; size < 1000 + 2 * LONG; size++) {
    const x = tf.fill([size], size);
    const y = tf.tidy(() => tf.add(tf.mul(x, weight), 1));
    const values = await y.data();
    expect([values[0], values[size - 1]]).toEqual([3 * size + 1, 3 * size + 1]);
    tf.dispose([x, y]);
    most = Math.max(most, bufferManager.getNumFreeBuffers());
  }
  // Each size leaves x, the product, the sum, what is read, and uniforms that all sizes share.
  expect(most).toBeLessThan(5 * LONG);
  weight.dispose();
  for (let i = 0; i < LONG; i++) submit();
  expect(bufferManager.getNumFreeBuffers()).toBe(0);
  expect(bufferManager.numBytesAllocated).toBe(bufferManager.numBytesUsed);
  tf.env().set('WEBGPU_FUSED_LAZY', true);
});

test('a size that comes again has its buffer again', async () => {
  const made = jest.spyOn(backend().device, 'createBuffer');
  const step = async (): Promise<void> => {
    const y = tf.tidy(() => tf.square(tf.fill([1777], 2)));
    expect((await y.data())[1776]).toBe(4);
    y.dispose();
  };
  for (let i = 0; i < 8; i++) await step();
  made.mockClear();
  for (let i = 0; i < LONG; i++) await step();
  expect(made).not.toHaveBeenCalled();
  made.mockRestore();
});

test('textures of ever other sizes are let go of', () => {
  const { textureManager } = backend();
  const usage = GPUTextureUsage.COPY_DST | GPUTextureUsage.TEXTURE_BINDING;
  for (let size = 1; size <= LONG; size++) {
    textureManager.releaseTexture(textureManager.acquireTexture(size, 2, 'rgba8unorm', usage));
  }
  const again = textureManager.acquireTexture(LONG, 2, 'rgba8unorm', usage);
  for (let i = 0; i < LONG; i++) submit();
  expect(textureManager.getNumFreeTextures()).toBe(0);
  expect(textureManager.numBytesAllocated).toBe(textureManager.numBytesUsed);
  textureManager.releaseTexture(again);
  expect(textureManager.acquireTexture(LONG, 2, 'rgba8unorm', usage)).toBe(again);
  textureManager.releaseTexture(again);
  expect(internalsOf(backend()).commandEncoder).toBeNull();
});
