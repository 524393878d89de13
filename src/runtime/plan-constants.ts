/** The constants of a plan in GPU buffers, and whether they are still what they were. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { byteSize } from '../fused-kernels/wgsl/kernel-writer';
import type { Value } from '../ir/graph';
import type { PlanDevice } from './plan-device';
import type { Plan } from '../compiler/plan';
import { WatchedWeights } from './watched-weights';

const STORAGE = (): GPUBufferUsageFlags =>
  GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

export class PlanConstants {
  readonly buffers = new Map<Value, GPUBuffer>();
  private readonly owned: GPUBuffer[] = [];
  private readonly weights: WatchedWeights;

  /**
   * @param folded what was computed of other constants, for those of the plan that stand for it.
   * @throws Error if a weight was disposed of.
   */
  constructor(
    private readonly backend: PlanDevice,
    plan: Plan,
    folded: ReadonlyMap<Value, TensorInfo>,
  ) {
    this.weights = new WatchedWeights(backend);
    for (const value of plan.constants) {
      const computed = folded.get(value);
      if (computed) this.buffers.set(value, this.backend.bufferOf(computed.dataId));
      else if (value.constant?.handle) this.buffers.set(value, this.weights.bind(value));
      else this.buffers.set(value, this.upload(value));
    }
  }

  /** False once a weight was assigned, disposed of, or moved to another backend. */
  get areCurrent(): boolean {
    return this.weights.areCurrent;
  }

  /** The tensors among them that somebody else has. */
  get tensors(): readonly TensorInfo[] {
    return this.weights.tensors;
  }

  dispose(): void {
    for (const buffer of this.owned) this.backend.bufferManager.releaseBuffer(buffer);
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
