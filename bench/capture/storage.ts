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

/** Bytes of all storage buffers, in use or waiting to be used again. */
export function storageBytes({ bufferManager }: Pooled): number {
  const { freeBuffers, usedBuffers } = bufferManager;
  const buffers = [...freeBuffers.values(), ...usedBuffers.values()].flat();
  return buffers
    .filter(({ usage }) => (usage & GPUBufferUsage.STORAGE) !== 0)
    .reduce((sum, { size }) => sum + size, 0);
}
