/**
 * What running a plan needs of a backend: the abstract half of `WebGPUFusedBackend`, so that neither
 * plans nor captured calls know who queues kernels, or how. The published types have none of it.
 */
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { DataId, TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelTarget } from '../fused-kernels/kernel';
import type { CompileOptions } from '../compiler/compile';
import { dropFrame, type Frame } from '../host/frames';
import { internalsOf, tensorData } from '../host/internals';
import type { CallObserver } from './call-observer';
import type { PlanAuditor } from './plan-auditor';
import type { PipelineCache } from './pipelines';
import { SharedSlabs } from './shared-slabs';
import type { TuningTable } from './tuning/table';
import type { Maker, Validation } from './validation';

const STORAGE = (): GPUBufferUsageFlags =>
  GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

export abstract class PlanDevice extends WebGPUBackend {
  /** What kernels are chosen by. @internal */
  abstract readonly target: KernelTarget;
  /** What was measured of kernels on this adapter. @internal */
  abstract readonly tuning: TuningTable;
  /** @internal */
  abstract readonly pipelines: PipelineCache;
  /** What the driver has not answered for yet. @internal */
  abstract readonly validation: Validation;
  /** Memory of plans' intermediates. @internal */
  readonly slabs = new SharedSlabs({
    acquire: (size) => this.bufferManager.acquireBuffer(size, STORAGE()),
    release: (slab) => this.bufferManager.releaseBuffer(slab),
  });
  /** How plans are compiled for this backend; for measurements. @internal */
  compileOptions: CompileOptions = {};
  /** Watches the call that runs now, if it is to be captured. @internal */
  observer: CallObserver | null = null;
  /** Checks what plans compute, if somebody asked for it. @internal */
  auditor: PlanAuditor | null = null;

  /** Calls under way in which what plans encode waits for a read, or for their end. @internal */
  holders = 0;

  /** Tensors that have a texture; stock keeps another data id for each. @internal */
  frames = 0;

  /** Whether the device is gone. @internal */
  abstract readonly isLost: boolean;

  /** @throws Error if the device is gone: what is encoded for it would do nothing, silently. @internal */
  abstract assertAlive(): void;

  /** Runs the kernels that were called and wait. @internal */
  abstract runPending(): void;

  /** Gives up the plans of eager code: what comes again is compiled anew. @internal */
  abstract forgetPlans(): void;

  /** Calls `run`, in which kernels wait and are fused, whether or not the app has that switched on. @internal */
  abstract fuseEagerly<T>(run: () => T): T;

  /**
   * Notes what was encoded since submission `from` was the open one: commands of `by` that write `outputs`.
   * @internal
   */
  noteWrites(
    outputs: readonly TensorInfo[],
    inputs: readonly TensorInfo[],
    from: number,
    by: Maker | string,
  ): void {
    const { validation } = this;
    const last = internalsOf(this).commandEncoder ? validation.open : validation.open - 1;
    validation.track(outputs, inputs, by, from, last);
  }

  /**
   * The texture of a tensor that plans can read as one. While an auditor looks at plans there is none: it compares
   * elements, and the tensor has these from then on. @internal
   */
  frameOf(dataId: DataId): Frame | undefined {
    const { frame } = tensorData(this, dataId);
    if (!frame || !this.auditor) return frame;
    this.uploadToGPU(dataId);
    dropFrame(this, dataId);
    return undefined;
  }

  /** The buffer of a tensor, which is uploaded, or computed, unless it is there. @internal */
  bufferOf(dataId: DataId): GPUBuffer {
    this.uploadToGPU(dataId);
    return tensorData(this, dataId).resource as GPUBuffer;
  }
}
