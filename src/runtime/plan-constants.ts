/** The constants of a plan in GPU buffers, and whether they are still what they were. */
import type { DataId, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { byteSize } from '../fused-kernels/wgsl/kernel-writer';
import type { Value } from '../ir/graph';
import type { PlanDevice } from './plan-device';
import { tensorData, type TensorData } from '../host/internals';
import type { Plan } from '../compiler/plan';

const STORAGE = (): GPUBufferUsageFlags =>
  GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

/** A weight as it was when its buffer was bound. */
interface Watched {
  /** A variable has another `dataId` after `assign`. */
  readonly handle: TensorInfo & { readonly isDisposed?: boolean };
  readonly dataId: DataId;
  readonly data: TensorData;
  readonly buffer: GPUBuffer;
}

export class PlanConstants {
  readonly buffers = new Map<Value, GPUBuffer>();
  private readonly owned: GPUBuffer[] = [];
  private readonly watched: Watched[] = [];

  /**
   * @param folded what the plan has computed from constants: not watched, nobody else has it.
   * @throws Error if a weight was disposed of.
   */
  constructor(
    private readonly backend: PlanDevice,
    plan: Plan,
    folded: ReadonlyMap<Value, TensorInfo>,
  ) {
    const sources = plan.prelude
      ? [...plan.constants, ...plan.prelude.plan.constants]
      : plan.constants;
    for (const value of sources) {
      const computed = folded.get(value);
      if (computed) this.buffers.set(value, this.backend.bufferOf(computed.dataId));
      else if (value.constant?.handle) this.watch(value, value.constant.handle as Tensor);
      else if (plan.constants.includes(value)) this.buffers.set(value, this.upload(value));
    }
  }

  /** False once a weight was assigned, disposed of, or moved to another backend. */
  get areCurrent(): boolean {
    for (const { handle, dataId, data, buffer } of this.watched) {
      if (data.resource !== buffer || handle.dataId !== dataId || handle.isDisposed) return false;
    }
    return true;
  }

  /** The tensors among them that somebody else has. */
  get tensors(): readonly TensorInfo[] {
    return this.watched.map(({ handle }) => handle);
  }

  dispose(): void {
    for (const buffer of this.owned) this.backend.bufferManager.releaseBuffer(buffer);
  }

  private watch(value: Value, handle: Tensor): void {
    if (handle.isDisposed) {
      throw new Error(
        `[webgpu-fused] run: got weight ${value.name || 'of a model'} that was disposed; needs it ` +
          'as long as the model is called. Load the model again.',
      );
    }
    const { dataId } = handle;
    const buffer = this.backend.bufferOf(dataId);
    this.buffers.set(value, buffer);
    this.watched.push({ handle, dataId, data: tensorData(this.backend, dataId), buffer });
  }

  private upload(value: Value): GPUBuffer {
    const host = value.constant?.host;
    if (!host) throw new Error(`[webgpu-fused] constant ${value.name} has no values.`);
    const buffer = this.backend.bufferManager.acquireBuffer(byteSize(value), STORAGE());
    this.owned.push(buffer);
    const data = value.dtype === 'float32' ? Float32Array.from(host) : Int32Array.from(host);
    this.backend.queue.writeBuffer(buffer, 0, data);
    return buffer;
  }
}
