/** Weights that plans bind, and whether they are still what they were. */
import type { DataId, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { tensorData, type TensorData } from '../host/internals';
import type { Value } from '../ir/graph';
import type { PlanDevice } from './plan-device';

/** A weight as it was when its buffer was bound. */
interface Watched {
  /** A variable has another `dataId` after `assign`. */
  readonly handle: TensorInfo & { readonly isDisposed?: boolean };
  readonly dataId: DataId;
  readonly data: TensorData;
  readonly buffer: GPUBuffer;
}

export class WatchedWeights {
  private readonly watched: Watched[] = [];

  constructor(private readonly backend: PlanDevice) {}

  /**
   * The buffer of a weight, which is watched from now on.
   * @throws Error if it was disposed of.
   */
  bind({ name, constant }: Value): GPUBuffer {
    const handle = constant?.handle as Tensor;
    if (handle.isDisposed) {
      throw new Error(
        `[webgpu-fused] run: got weight ${name || 'of a model'} that was disposed; needs it ` +
          'as long as the model is called. Load the model again.',
      );
    }
    const { dataId } = handle;
    const buffer = this.backend.bufferOf(dataId);
    this.watched.push({ handle, dataId, data: tensorData(this.backend, dataId), buffer });
    return buffer;
  }

  /** False once a weight was assigned, disposed of, or moved to another backend. */
  get areCurrent(): boolean {
    for (const { handle, dataId, data, buffer } of this.watched) {
      if (data.resource !== buffer || handle.dataId !== dataId || handle.isDisposed) return false;
    }
    return true;
  }

  /** The weights as tensors, which somebody else has. */
  get tensors(): readonly TensorInfo[] {
    return this.watched.map(({ handle }) => handle);
  }
}
