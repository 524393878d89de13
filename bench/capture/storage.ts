/** What a backend's pool of buffers holds. */
import type * as tf from '@tensorflow/tfjs-core';

/** The parts of a WebGPU backend that are looked at. */
interface Pooled {
  tensorMap: { get(dataId: tf.DataId): { resource?: unknown } | undefined };
  bufferManager: {
    freeBuffers: ReadonlyMap<string, readonly GPUBuffer[]>;
    usedBuffers: ReadonlyMap<string, readonly GPUBuffer[]>;
  };
}

/** A backend as it is looked at here. */
export const pooled = (backend: tf.KernelBackend): Pooled => backend as unknown as Pooled;

/** Bytes of all storage buffers, in use or waiting to be used again. */
export function poolBytes(backend: tf.KernelBackend): number {
  const { freeBuffers, usedBuffers } = pooled(backend).bufferManager;
  return [...freeBuffers.values(), ...usedBuffers.values()]
    .flat()
    .filter(({ usage }) => (usage & GPUBufferUsage.STORAGE) !== 0)
    .reduce((sum, { size }) => sum + size, 0);
}
