/**
 * The lazy backend: queues kernels instead of launching them, and runs what was queued, fused,
 * when somebody needs a value.
 */
import type { DataId, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { Attrs } from '../ir/graph';
import { isIntegral, sizeOf } from '../ir/graph';
import { whyLeft } from '../lowering/left-to-tfjs';
import { fusionTables } from '../registry/kernels';
import { submitAll } from '../runtime/encode';
import type { PlanDevice } from '../runtime/plan-device';
import { dropFrame } from '../host/frames';
import { tensorData } from '../host/internals';
import { isAlive } from './assemble';
import { Exploration, MAX_SEGMENT } from './exploration';
import type { IntSequence } from './int-sequence';
import type { LazyKernel } from './kernels';
import { lazyData, lazyState, type Invocation, type LazyData } from './pending';
import { PlanCache } from './plan-cache';
import { References } from './references';
import { runSingly } from './run-singly';
import { SignatureTable, typeCode, type Signature } from './signature';
import { Stream } from './stream';
import { whyEager } from './why-eager';
import { keepTrace, type FlushReason, type FlushTrace, type LeftAlone } from './flush-trace';
import { runVariant, type PlanSummary, type Variant } from './variant';

/** Bytes of results that wait at most. */
const MAX_BYTES = 2 ** 30;
/** Bytes that only waiting invocations still need, and stock would have freed, at most. */
const MAX_HIDDEN_BYTES = 64 * 2 ** 20;
/** Kernels that ran at once which a trace names at most. */
const MAX_LEFT = 256;

export class LazyQueue {
  readonly references: References;
  private readonly signatures: SignatureTable;
  private readonly plans: PlanCache;
  private readonly exploration = new Exploration();
  private readonly operands: (TensorInfo | undefined)[] = [];
  private stream = new Stream();
  /** Frames that are gone when the task ends. */
  private readonly lent: LazyData[] = [];
  private left: LeftAlone[] = [];
  private running = '';
  private flushing = false;
  private scheduled = false;
  private announced = '';
  /** Calls under way in which kernels wait whatever `WEBGPU_FUSED_LAZY` says. */
  private askers = 0;

  constructor(
    private readonly backend: PlanDevice,
    free: (data: LazyData) => void,
  ) {
    this.references = new References(backend, free);
    this.plans = new PlanCache(backend);
    const tables = fusionTables(backend.target);
    this.signatures = new SignatureTable(tables, () => this.plans.clear());
  }

  /** Calls `run`, in which kernels wait, whether or not the app has that switched on. */
  during<T>(run: () => T): T {
    this.askers++;
    try {
      return run();
    } finally {
      this.askers--;
    }
  }

  /** Names the kernel that runs at once from here on: it may be the one that needs a value. */
  runsAtOnce(kernel: string): void {
    this.running = kernel;
    this.leave(kernel, whyLeft(kernel) ?? 'it cannot wait');
  }

  /**
   * Queues an invocation.
   *
   * @returns its outputs, or null if stock is to run it now.
   */
  enqueue(
    kernel: LazyKernel,
    inputs: NamedTensorInfoMap,
    attrs: Attrs | undefined,
  ): TensorInfo[] | null {
    this.running = kernel.kernel;
    this.backend.assertAlive();
    if (this.flushing || !this.mayWait()) return null;
    const operands = this.collect(kernel, inputs);
    const signature = operands && this.identify(kernel, operands, attrs);
    if (!signature) return null;
    const { refusal } = signature;
    if (refusal !== null) return refusal === '' ? null : this.leave(kernel.kernel, refusal);
    return this.append(signature, operands);
  }

  /**
   * Runs an invocation now, by a plan of its own, whether or not others wait.
   *
   * @returns its outputs, or null if there is no plan for it.
   */
  runAlone(
    kernel: LazyKernel,
    inputs: NamedTensorInfoMap,
    attrs: Attrs | undefined,
  ): TensorInfo[] | null {
    if (this.flushing || this.backend.validation.hasRejected) return null;
    const { signatures } = this;
    const operands = this.collect(kernel, inputs);
    const key = operands && signatures.keyOf(kernel, operands, attrs);
    if (!key) return null;
    // Not before it is known that there may be a plan: what the CPU computes from its own need not end what waits.
    const why: FlushReason = `kernel ${kernel.kernel}`;
    this.flush(why);
    const signature = signatures.find(key) ?? signatures.add(key, kernel, operands, attrs);
    const infos = signature.refusal === null ? this.append(signature, operands) : null;
    this.flush(why, true);
    return infos;
  }

  /** The signature of an invocation; null if it has none, or nothing is queued now. */
  private identify(
    kernel: LazyKernel,
    operands: readonly (TensorInfo | undefined)[],
    attrs: Attrs | undefined,
  ): Signature | null {
    const { exploration, signatures } = this;
    const key = signatures.keyOf(kernel, operands, attrs);
    if (!key) return null;
    if (exploration.note(key.hash)) this.flush('count');
    this.schedule();
    if (!exploration.isQueueing) return null;
    const known = signatures.find(key);
    if (known) return known;
    const mayGoOn = exploration.mayGoOn(this.stream.invocations.length + 1);
    return mayGoOn ? signatures.add(key, kernel, operands, attrs) : null;
  }

  /** Runs all that waits; `always` by a plan, even if there may not be another use for it. */
  flush(why: FlushReason, always = false): void {
    const { stream } = this;
    if (this.flushing || stream.invocations.length === 0) return;
    this.backend.assertAlive();
    this.flushing = true;
    this.stream = new Stream();
    try {
      this.run(stream, why, always);
    } finally {
      for (const invocation of stream.invocations) {
        if (!isAlive(invocation)) continue;
        for (const data of invocation.outputs) data.lazy.invocation = null;
        this.references.release(invocation);
      }
      this.flushing = false;
    }
  }

  /** Runs all that waits if the value of `dataId` does. */
  need(dataId: DataId, why: FlushReason | 'kernel'): void {
    if (why !== 'kernel') this.exploration.endSegment();
    if (this.stream.invocations.length === 0 || !this.isPending(dataId)) return;
    this.flush(why === 'kernel' ? `kernel ${this.running}` : why);
  }

  /** Whether what is made of the pixels of a page may wait until somebody reads it. */
  takesFrames(): boolean {
    this.running = 'FromPixels';
    const { auditor, observer } = this.backend;
    return !auditor && !observer && this.mayWait();
  }

  /** A tensor has a texture instead of elements; one of the browser's is gone when the task ends. */
  noteFrame(dataId: DataId): void {
    const data = tensorData(this.backend, dataId);
    if (!data.frame?.isExternal) return;
    this.lent.push(lazyData(data, dataId));
    this.schedule();
  }

  /** Gives what is left of lent frames elements of their own. */
  private settleFrames(): void {
    const { backend, lent } = this;
    if (lent.length === 0) return;
    for (const { frame, refCount, lazy } of lent) {
      if (frame && refCount > 0) backend.uploadToGPU(lazy.dataId);
    }
    submitAll(backend);
    for (const { lazy } of lent.splice(0)) {
      if (backend.tensorMap.has(lazy.dataId)) dropFrame(backend, lazy.dataId);
    }
  }

  /** Data ids that the engine does not count: held by waiting kernels and by plans. */
  get hiddenDataIds(): number {
    return this.references.hidden + this.plans.tensors + this.backend.frames;
  }

  /** Whether the value of `dataId` is still to be computed. */
  isPending(dataId: DataId): boolean {
    if (!this.backend.tensorMap.has(dataId)) return false;
    const state = lazyState(tensorData(this.backend, dataId));
    return state !== undefined && state.invocation !== null;
  }

  /** Runs what waits, and frees all plans: what comes again is compiled anew. */
  forgetPlans(): void {
    this.flush('task-end');
    this.plans.clear();
  }

  /** Forgets what waits and frees all plans: the backend is going away. */
  dispose(): void {
    this.stream = new Stream();
    this.plans.clear();
  }

  private mayWait(): boolean {
    const { hasRejected } = this.backend.validation;
    const reason = hasRejected
      ? 'the driver rejected a generated shader'
      : whyEager(this.askers > 0);
    if (reason === null) {
      this.announced = '';
      return true;
    }
    if (reason !== this.announced) {
      this.announced = reason;
      this.leave(this.running, reason);
    }
    return false;
  }

  private leave(kernel: string, reason: string): null {
    if (this.left.length < MAX_LEFT) this.left.push({ kernel, reason });
    return null;
  }

  /** The operands in the kernel's order; null if one has no form here, or the CPU is to compute. */
  private collect(
    { inputs: names, onCpu }: LazyKernel,
    inputs: NamedTensorInfoMap,
  ): readonly (TensorInfo | undefined)[] | null {
    const { operands } = this;
    operands.length = 0;
    if (names) for (const name of names) operands.push(inputs[name] ?? undefined);
    else operands.push(...(inputs as unknown as TensorInfo[]));
    for (const operand of operands) {
      if (!operand) continue;
      if (typeCode(operand.dtype) === undefined || operand.shape.includes(0)) return null;
    }
    const present = operands as TensorInfo[];
    const mayStay = onCpu === 'integral' ? present.every(isIntegral) : onCpu;
    if (mayStay && present.length > 0 && this.backend.shouldExecuteOnCPU(present)) return null;
    return operands;
  }

  private append(
    signature: Signature,
    operands: readonly (TensorInfo | undefined)[],
  ): TensorInfo[] | null {
    const inputs = operands.map((operand) => operand && this.dataOf(operand));
    if (inputs.some((data) => data && typeCode(data.dtype) === undefined)) return null;
    const { backend, stream } = this;
    const invocation = stream.add(signature, inputs);
    const infos = signature.outputs.map(({ shape, dtype }): TensorInfo => {
      const info = backend.makeTensorInfo(shape as number[], dtype);
      const data = lazyData(tensorData(backend, info.dataId), info.dataId);
      stream.addOutput(invocation, data, 4 * sizeOf(shape));
      return info;
    });
    if (stream.invocations.length >= MAX_SEGMENT) this.flush('count');
    else if (stream.bytes > MAX_BYTES || this.references.hiddenBytes > MAX_HIDDEN_BYTES) {
      this.flush('memory');
    }
    return infos;
  }

  /** The data of an operand: waiting, on the GPU, or a scalar on the CPU. */
  private dataOf({ dataId }: TensorInfo): LazyData {
    const data = tensorData(this.backend, dataId);
    // An auditor looks at elements.
    if (data.frame) this.backend.frameOf(dataId);
    const elements = data.values as ArrayLike<unknown> | null | undefined;
    if (data.resource == null && elements) {
      // What the caller's array holds now is meant, not what it may hold when the kernel runs.
      if (elements.length > 1) this.backend.uploadToGPU(dataId);
      // A scalar's element is taken now; a captured call has to notice that it changes.
      else this.backend.observer?.relyOn(dataId);
    }
    return lazyData(data, dataId);
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      this.exploration.endSegment();
      // Nobody could catch what it throws; whoever reads is told.
      if (this.backend.isLost) return;
      this.flush('task-end');
      this.settleFrames();
    });
  }

  private run(stream: Stream, why: FlushReason, always: boolean): void {
    const key = stream.seal();
    const size = stream.invocations.length;
    const variant = this.plans.find(key, stream) ?? this.explore(stream, key, size, always);
    const isKnown = variant !== null && variant.runs++ > 0;
    if (isKnown) this.exploration.hit(size);
    const made = variant?.executor ?? null;
    const executor = made?.rejection || made?.failure ? null : made;
    if (variant && executor) runVariant(this.backend, stream, variant, executor);
    else runSingly(this.backend, stream.invocations, (invocation) => this.runOne(invocation));
    const outcome = executor ? (isKnown ? 'hit' : 'miss') : 'stock';
    this.trace(stream, why, outcome, variant?.summary);
  }

  /** Runs one of many that have no plan together by a plan of its own; false if there is none. */
  private runOne(given: Invocation): boolean {
    if (this.backend.validation.hasRejected) return false;
    const stream = new Stream();
    const { inputs, outputs } = given;
    const invocation = stream.add(given.signature, inputs);
    const living = outputs.filter(({ lazy }) => lazy.invocation === given);
    // Values that only those behind it read are wanted, too.
    for (const data of living) data.refCount++;
    for (const data of outputs) stream.addOutput(invocation, data, 4 * sizeOf(data.shape));
    try {
      const key = stream.seal();
      const variant = this.plans.find(key, stream) ?? this.plans.add(key, stream);
      const { executor } = variant;
      if (!executor || executor.rejection || executor.failure) return false;
      runVariant(this.backend, stream, variant, executor);
      variant.runs++;
      return true;
    } finally {
      for (const data of living) data.refCount--;
      for (const data of outputs) data.lazy.invocation = null;
      for (const data of inputs) if (data) data.lazy.holds--;
    }
  }

  private explore(stream: Stream, key: IntSequence, size: number, always: boolean): Variant | null {
    const isResized = this.plans.isResized(stream);
    if (!always && !this.exploration.mayCompile(key.hash, size, isResized)) return null;
    return this.plans.add(key, stream);
  }

  private trace(
    stream: Stream,
    why: FlushReason,
    plan: FlushTrace['plan'],
    summary: PlanSummary | undefined,
  ): void {
    const { left } = this;
    this.left = [];
    const { invocations = [], record } = summary ?? {};
    const kernels = summary
      ? invocations.map(({ op }) => op)
      : stream.invocations.filter(isAlive).map(({ signature }) => signature.kernel.kernel);
    keepTrace({
      why,
      plan,
      kernels,
      invocations,
      groups: record?.kernels ?? [],
      refused: record?.refused ?? [],
      left,
      record,
      dispatches: record?.dispatches ?? kernels.length,
      bytesSaved: record ? invocations.reduce((sum, { bytes }) => sum + bytes, -record.bytes) : 0,
    });
  }
}
