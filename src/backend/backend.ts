/** The backend: stock WebGPU with a device of our own, and an executor of fused plans. */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import {
  DataStorage,
  type BackendValues,
  type DataId,
  type DataType,
  type GPUData,
  type TensorInfo,
  type TypedArray,
} from '@tensorflow/tfjs-core';
import {
  type AdapterClass,
  adapterName,
  type Choose,
  classifyAdapter,
  deviceFacts,
  type KernelTarget,
  kernelTarget,
} from '../fused-kernels/target';
import { type BufferGuard, guardBuffers, guardTextures } from '../host/buffer-pool';
import { cacheValues, dataMover } from '../host/data-mover';
import { holdDevice, releaseDevice, type DeviceState } from '../host/request-device';
import { flag } from '../host/flags';
import { computeElements, makeFrame, releaseFrames } from '../host/frames';
import { HostCopies } from '../host/host-copies';
import { internalsOf, tensorData } from '../host/internals';
import { isIntegral, sizeOf } from '../ir/graph';
import type { LazyBackend } from '../eager/lazy-backend';
import { lazyState, type LazyData } from '../eager/pending';
import { LazyQueue } from '../eager/queue';
import { forgetValue } from '../eager/stream-plans';
import { assertDispatch, dispatchLimits, type DispatchLimits } from '../runtime/dispatch-limits';
import { PipelineCache } from '../runtime/pipelines';
import { hasErrorNow, needsEventPump } from '../host/read-sync';
import { PlanDevice } from '../runtime/plan-device';
import { TuningTable } from '../runtime/tuning/table';
import { Validation } from '../runtime/validation';
import { version } from '../host/version';
import { uploadValues } from '../host/upload';

/**
 * Integers on the CPU that the CPU computes with, fewer than this in a tensor; of floats stock's limit holds. They
 * say what is picked and where rows begin, so that somebody mostly waits for the result.
 */
const FEW_INTEGERS = 2 ** 15;

export const BACKEND_NAME = 'webgpu-fused';

/** How kernels are chosen, where it is not by the adapter and by their families' rules. */
export interface BackendOptions {
  readonly adapterClass?: AdapterClass;
  readonly choose?: Choose;
}

export class WebGPUFusedBackend extends PlanDevice implements LazyBackend {
  /** @internal */
  readonly adapterClass: AdapterClass;
  /** @internal */
  readonly target: KernelTarget;
  /** @internal */
  readonly tuning: TuningTable;
  /** @internal */
  readonly pipelines: PipelineCache;
  /** @internal */
  readonly validation: Validation;
  /** Kernels that were called and have not run yet. @internal */
  readonly lazy: LazyQueue;
  private readonly limits: DispatchLimits;
  private readonly buffers: BufferGuard;
  private readonly noteTextures: () => void;
  private readonly deviceState: DeviceState;
  private readonly copies = new HostCopies();
  private isDisposed = false;

  /** @internal */
  constructor(device: GPUDevice, info?: GPUAdapterInfo, options: BackendOptions = {}) {
    super(device, info);
    const { adapterClass = classifyAdapter(info), choose } = options;
    this.adapterClass = adapterClass;
    this.tuning = new TuningTable(version, adapterName(adapterClass, info));
    this.target = {
      ...kernelTarget(deviceFacts(device), adapterClass),
      choose: choose ?? ((choice) => this.tuning.find(choice)?.best),
      timesOf: choose ? undefined : (choice) => this.tuning.find(choice)?.times,
    };
    this.buffers = guardBuffers(this.bufferManager, device.limits.maxBufferSize, (create) =>
      this.validation.allocate(create),
    );
    this.noteTextures = guardTextures(this.textureManager);
    this.validation = new Validation(device, () => {
      this.buffers.suspect();
      this.slabs.forget();
      // Stock keeps a pipeline that came out invalid, and would use it for ever.
      internalsOf(this).pipelineCache = {};
    });
    this.pipelines = new PipelineCache(device, this.validation);
    this.limits = dispatchLimits(device);
    this.tensorMap = new DataStorage(this, dataMover);
    this.lazy = new LazyQueue(this, (data) => this.release(data));
    releaseFrames(this);
    this.deviceState = holdDevice(device);
  }

  /** @internal */
  override get isLost(): boolean {
    return this.deviceState.lost !== null;
  }

  /** @internal */
  override assertAlive(): void {
    const { lost } = this.deviceState;
    if (!lost) return;
    const cure = flag('WEBGPU_FUSED_RECOVER')
      ? 'Await tf.ready() and run it again: what was on the device is gone.'
      : `Call tf.removeBackend('${BACKEND_NAME}'), register it again and load the model anew, reload ` +
        'the page, or set WEBGPU_FUSED_RECOVER before the model is loaded.';
    throw new Error(
      `[webgpu-fused] run: got a GPU device that was lost (${lost.reason}: ` +
        `${lost.message}); needs one that works. ${cure}`,
    );
  }

  /** @internal */
  override runPending(): void {
    this.lazy.flush('task-end');
  }

  /** @internal */
  override forgetPlans(): void {
    this.lazy.forgetPlans();
  }

  /** @internal */
  override fuseEagerly<T>(run: () => T): T {
    return this.lazy.during(run);
  }

  override readSync(dataId: DataId): BackendValues {
    const copy = this.copyAfterLoss(dataId);
    if (copy) return copy;
    this.compute(dataId, 'read');
    this.observer?.read(dataId);
    this.validation.assertComputed(dataId);
    if (this.isOnDeviceOnly(dataId)) {
      this.assertAlive();
      if (needsEventPump()) this.readThroughEvents(dataId);
      else return this.readThroughCanvas(dataId);
    }
    return super.readSync(dataId);
  }

  override async read(dataId: DataId): Promise<BackendValues> {
    const copy = this.copyAfterLoss(dataId);
    if (copy) return copy;
    this.compute(dataId, 'read');
    this.observer?.read(dataId);
    const { validation } = this;
    validation.assertComputed(dataId);
    const isHere = !this.tensorMap.has(dataId) || tensorData(this, dataId).values != null;
    if (isHere) return super.read(dataId);
    if (this.isOnDeviceOnly(dataId)) this.assertAlive();
    const copying = validation.open;
    const [outcome] = await Promise.allSettled([super.read(dataId)]);
    await this.assertRead(dataId, copying);
    if (outcome.status === 'fulfilled') return outcome.value;
    // The driver may fail a read before it says that the device is gone.
    await Promise.race([this.device.lost, new Promise((resolve) => setTimeout(resolve, 20))]);
    this.assertAlive();
    throw outcome.reason;
  }

  /** Waits for what the driver says of a read, and forgets what was read if that is nothing. */
  private async assertRead(dataId: DataId, copying: number): Promise<void> {
    const { validation } = this;
    await validation.settle();
    this.forgetUnless(dataId, () => {
      validation.assertComputed(dataId);
      validation.assertSubmitted(copying);
    });
  }

  /** Where events can be pumped, so can be what the driver says of the commands before. */
  private readThroughEvents(dataId: DataId): void {
    this.forgetUnless(dataId, () => {
      cacheValues(this, dataId);
      this.validation.assertComputedNow(dataId, hasErrorNow);
    });
  }

  /** Forgets what was read of a tensor if `check` throws. */
  private forgetUnless(dataId: DataId, check: () => void): void {
    try {
      check();
    } catch (error) {
      if (this.tensorMap.has(dataId)) tensorData(this, dataId).values = null;
      throw error;
    }
  }

  /** A submission is run or dropped as a whole. */
  override submitQueue(): void {
    this.validation.submit(() => super.submitQueue());
    this.buffers.noteSubmission();
    this.noteTextures();
  }

  override readToGPU(dataId: DataId): GPUData {
    this.compute(dataId, 'read-gpu');
    this.observer?.refuse('it reads a tensor back');
    return super.readToGPU(dataId);
  }

  override write(values: BackendValues, shape: number[], dtype: DataType): DataId {
    const dataId = super.write(values, shape, dtype);
    this.observer?.create(dataId);
    return dataId;
  }

  override runWebGPUProgram(...args: Parameters<WebGPUBackend['runWebGPUProgram']>): TensorInfo {
    const [program, inputs] = args;
    const { name } = program.constructor;
    assertDispatch(name, program.outputShape, inputs, this.limits);
    if (this.isFrame(args)) {
      const made = makeFrame(this, inputs[0], program.outputShape, (output) => {
        this.runWebGPUProgram(program, inputs, args[2], args[3], output);
      });
      this.lazy.noteFrame(made.dataId);
      return made;
    }
    const from = this.validation.open;
    const made = this.observer
      ? this.observer.dispatch(program, inputs, () => super.runWebGPUProgram(...args))
      : super.runWebGPUProgram(...args);
    this.noteWrites([made], inputs, from, name);
    return made;
  }

  /** Every kernel of stock gets its operands here. */
  override uploadToGPU(dataId: DataId): void {
    this.compute(dataId, 'kernel');
    const elements = uploadValues(this, dataId);
    if (!elements) return super.uploadToGPU(dataId);
    this.copies.keep(dataId, elements, sizeOf(tensorData(this, dataId).shape));
    this.observer?.upload(dataId, elements);
  }

  override shouldExecuteOnCPU(
    inputs: TensorInfo[],
    sizeThreshold = inputs.every(isIntegral) ? FEW_INTEGERS : undefined,
  ): boolean {
    // What the host computes, a replay would not.
    if (this.observer) return false;
    return (
      super.shouldExecuteOnCPU(inputs, sizeThreshold) &&
      inputs.every(({ dataId }) => !this.lazy.isPending(dataId) && !this.frameOf(dataId))
    );
  }

  override async time(run: () => void): ReturnType<WebGPUBackend['time']> {
    this.lazy.flush('time');
    return super.time(() => {
      run();
      this.lazy.flush('time');
    });
  }

  override disposeData(dataId: DataId, force = false): boolean {
    const data = this.tensorMap.has(dataId) ? tensorData(this, dataId) : undefined;
    const state = lazyState(data);
    const isInvolved = state !== undefined && (state.invocation !== null || state.holds > 0);
    const isGone = isInvolved
      ? this.lazy.references.drop(data as LazyData, force)
      : super.disposeData(dataId, force);
    if (isGone && state) forgetValue(dataId);
    return isGone;
  }

  override numDataIds(): number {
    return super.numDataIds() - this.lazy.hiddenDataIds;
  }

  /** Frames are memory, four bytes a pixel of which stock counts sixteen. */
  override memory(): ReturnType<WebGPUBackend['memory']> {
    const { numBytesUsed, numBytesAllocated } = this.textureManager;
    const memory = super.memory();
    memory.numBytesInGPU += numBytesUsed / 4;
    memory.numBytesAllocatedInGPU += numBytesAllocated / 4;
    return memory;
  }

  /** Frees everything, and the device unless others use it: see `useDevice`. */
  override dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.lazy.dispose();
    super.dispose();
    releaseDevice(this.device);
  }

  /** Sees to it that the elements of a tensor are on their way: whoever asks can read nothing else. */
  private compute(dataId: DataId, why: Parameters<LazyQueue['need']>[1]): void {
    this.lazy.need(dataId, why);
    if (this.tensorMap.has(dataId) && !this.isLost) computeElements(this, dataId);
  }

  /** Whether a program makes a tensor of a texture, which may stand for that as well. */
  private isFrame([, inputs, , , output]: Parameters<WebGPUBackend['runWebGPUProgram']>): boolean {
    if (output || inputs.length !== 1) return false;
    const { resource } = tensorData(this, inputs[0].dataId);
    return resource != null && !(resource instanceof GPUBuffer) && this.lazy.takesFrames();
  }

  /** Whether the elements of a tensor have to be fetched from the device. */
  private isOnDeviceOnly(dataId: DataId): boolean {
    if (!this.tensorMap.has(dataId)) return false;
    const { values, dtype } = tensorData(this, dataId);
    return values == null && dtype !== 'complex64' && dtype !== 'string';
  }

  /** What is left of a tensor whose device was lost. */
  private copyAfterLoss(dataId: DataId): BackendValues | undefined {
    if (!this.isLost || !this.isOnDeviceOnly(dataId)) return undefined;
    return this.copies.find(dataId, tensorData(this, dataId).dtype);
  }

  /** Whether a canvas has shown anything of this device but zeros. */
  private hasReadCanvas = false;

  /**
   * As stock reads. A device that was lost, and has not said so yet, answers with zeros, and so does a
   * browser whose canvases cannot be read: where there is nothing else, a one is asked for.
   */
  private readThroughCanvas(dataId: DataId): BackendValues {
    const values = super.readSync(dataId) as TypedArray;
    if (values.some((value) => value !== 0)) {
      this.hasReadCanvas = true;
      return values;
    }
    const { observer } = this;
    this.observer = null;
    const probe = this.makeTensorInfo([1], 'float32', Float32Array.of(1));
    this.uploadToGPU(probe.dataId);
    const [one] = super.readSync(probe.dataId) as Float32Array;
    this.disposeData(probe.dataId);
    this.observer = observer;
    if (one === 1) {
      this.hasReadCanvas = true;
      return values;
    }
    tensorData(this, dataId).values = null;
    if (!this.hasReadCanvas) {
      throw new Error(
        '[webgpu-fused] dataSync: got zeros where the device holds a one; needs canvases that show what ' +
          'is on the device. Use await tensor.data() instead.',
      );
    }
    this.deviceState.lost ??= { reason: 'unknown', message: 'it answers with zeros.' };
    this.assertAlive();
    return values;
  }

  private release(data: LazyData): void {
    super.disposeData(data.lazy.dataId, true);
  }
}
