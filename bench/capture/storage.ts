/** What a backend's pool of buffers holds. */
import type * as tf from '@tensorflow/tfjs-core';

/** The parts of a WebGPU backend that are looked at. */
interface Pooled {
  tensorMap: { get(dataId: tf.DataId): { resource?: unknown } | undefined };
  /** Of `webgpu-fused` only. */
  replayBytes?: number;
  bufferManager: {
    freeBuffers: ReadonlyMap<string, readonly GPUBuffer[]>;
    usedBuffers: ReadonlyMap<string, readonly GPUBuffer[]>;
  };
}

/** A backend as it is looked at here. */
export const pooled = (backend: tf.KernelBackend): Pooled => backend as unknown as Pooled;

/** What is held before a model is loaded. */
export interface PoolBytes {
  /** All storage buffers, in use or waiting to be used again. */
  storage: number;
  /** Memory of replays that plans do not tell of. */
  replays: number;
}

export function poolBytes(backend: tf.KernelBackend): PoolBytes {
  const { bufferManager, replayBytes = 0 } = pooled(backend);
  const { freeBuffers, usedBuffers } = bufferManager;
  const buffers = [...freeBuffers.values(), ...usedBuffers.values()].flat();
  const storage = buffers
    .filter(({ usage }) => (usage & GPUBufferUsage.STORAGE) !== 0)
    .reduce((sum, { size }) => sum + size, 0);
  return { storage, replays: replayBytes };
}
