/**
 * Runs plans. The first run of a plan and its thousandth are the same code: what a run needs is
 * recorded once (see `recording.ts`), and recorded again when a guard says so.
 */
import type { DataId, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { byteSize } from '../fused-kernels/wgsl/kernel-writer';
import type { Value } from '../ir/graph';
import type { Steps } from '../ir/steps';
import type { ReplayablePlan } from './call-observer';
import type { PlanDevice } from './plan-device';
import { type Failure, REJECTED } from './failure';
import { type FoldedConstants, takeFolded } from './folded-constants';
import { PlanConstants } from './plan-constants';
import { keepUntilSubmitted, submitAll } from './encode';
import { Recording } from './recording';
import { flag } from '../host/flags';
import { internalsOf, tensorData } from '../host/internals';
import type { Plan } from '../compiler/plan';
import { isLent, type Bindable, type Frame } from '../host/frames';
import type { Maker } from './validation';

/** A plan's constants and its recording. */
interface Prepared {
  /** What was computed of weights alone; null where nothing is. */
  readonly folded: FoldedConstants | null;
  readonly constants: PlanConstants;
  /** Absent between calls with `WEBGPU_FUSED_CAPTURE` off. */
  recording: Recording | null;
}

interface Ready {
  readonly prepared: Prepared;
  readonly recording: Recording;
}

export class PlanExecutor implements ReplayablePlan, Maker {
  /** Outputs that the plan computes, each once. */
  private readonly computed: Value[];
  private prepared: Prepared | null = null;
  private disposed = false;

  /**
   * @param isDeferred leaves compiling shaders and uploading constants to the first run, or to
   *   whoever wants to compile them without blocking before.
   */
  constructor(
    private readonly backend: PlanDevice,
    readonly plan: Plan,
    isDeferred = false,
  ) {
    this.computed = [...new Set(plan.outputs)].filter((value) => value.producer !== undefined);
    if (!isDeferred) this.ready();
  }

  /** Set when it was found to compute something wrong: it is not to run again. */
  rejection: { readonly nodes: readonly string[]; readonly reason: string } | undefined;

  get name(): string {
    return this.plan.label;
  }

  /** Set when the driver has rejected one of its shaders. */
  get failure(): Failure | undefined {
    const { pipelines, validation } = this.backend;
    if (!validation.hasRejected) return undefined;
    const { plan } = this;
    for (const { dispatches, record } of plan.prelude ? [plan, plan.prelude.plan] : [plan]) {
      const at = dispatches.findIndex(({ program }) => pipelines.isRejected(program));
      if (at >= 0) return { kind: 'shader', reason: REJECTED, nodes: record.kernels[at].origins };
    }
    return undefined;
  }

  /** Nodes of the kernels that a message of the driver's names. */
  blame(message: string): readonly string[] {
    const { kernels } = this.plan.record;
    return kernels.flatMap(({ label, origins }) => (message.includes(label) ? origins : []));
  }

  /** Lets go of what may be dead after commands were dropped. */
  forget(): void {
    if (!this.disposed) this.release();
  }

  /** Makes ready what a run needs, unless it is: compiles, uploads, folds constants. */
  prepare(): void {
    this.ready();
  }

  /** Uploads the weights that the plan reads, unless they are there, pausing after each. */
  *uploadSteps(): Steps<void> {
    const { constants, prelude } = this.plan;
    for (const { constant } of [...constants, ...(prelude?.plan.constants ?? [])]) {
      const weight = constant?.handle as Tensor | undefined;
      if (!weight || weight.isDisposed) continue;
      this.backend.bufferOf(weight.dataId);
      yield;
    }
  }

  /** Tensors that the plan keeps for itself, and that nobody else knows of. */
  get ownTensors(): number {
    return this.prepared?.folded?.tensors.length ?? 0;
  }

  /** Bytes that the plan holds between runs: its share of intermediates', and of what was computed of constants. */
  get ownBytes(): number {
    const { prepared } = this;
    return (prepared?.recording?.bytes ?? 0) + (prepared?.folded?.share ?? 0);
  }

  /** Gives back the memory of intermediates until the next run. */
  rest(): void {
    if (!this.prepared) return;
    this.prepared.recording?.dispose();
    this.prepared.recording = null;
  }

  /**
   * Runs the plan.
   * @param inputs one tensor for each input of the plan, of its shape and dtype.
   * @returns one tensor for each output, owned by the caller.
   */
  run(inputs: readonly TensorInfo[]): TensorInfo[] {
    const ready = this.ready();
    const outputs = this.makeOutputs();
    this.compute(ready, inputs, outputs);
    return this.share(outputs, inputs);
  }

  /** What {@link run} returns, on the GPU but not computed: needs no shaders. */
  outline(inputs: readonly TensorInfo[]): TensorInfo[] {
    const outputs = this.makeOutputs();
    for (const { dataId } of outputs) this.backend.bufferOf(dataId);
    return this.share(outputs, inputs);
  }

  private makeOutputs(): TensorInfo[] {
    return this.computed.map(({ shape, dtype }) => this.backend.makeTensorInfo([...shape], dtype));
  }

  /** A tensor for each output of the plan, given one for each that is computed. */
  private share(outputs: readonly TensorInfo[], inputs: readonly TensorInfo[]): TensorInfo[] {
    const { backend, plan, computed } = this;
    const used = new Set<DataId>();
    return plan.outputs.map((value) => {
      const info = outputs[computed.indexOf(value)] ?? this.existing(value, inputs);
      if (used.has(info.dataId) || !value.producer) backend.incRef(info.dataId);
      used.add(info.dataId);
      return { dataId: info.dataId, shape: [...value.shape], dtype: value.dtype };
    });
  }

  /**
   * Runs the plan and gives its outputs to tensors that exist already and have no value yet.
   * @param inputs one tensor for each input of the plan, of its shape and dtype.
   * @param into one tensor for each output, of its dtype and size; all different.
   */
  runInto(inputs: readonly TensorInfo[], into: readonly TensorInfo[]): void {
    const ready = this.ready();
    const { outputs } = this.plan;
    const made = this.computed.map((value) => into[outputs.indexOf(value)]);
    this.compute(ready, inputs, made);
    outputs.forEach((value, i) => {
      const source = made[this.computed.indexOf(value)] as TensorInfo | undefined;
      if (source !== into[i]) this.copyInto(value, source, inputs, into[i]);
    });
  }

  /**
   * Encodes the plan between buffers, as part of a larger replay.
   * @param outputs one for each output that the plan computes, in order of first appearance.
   * @param isLast whether to submit what is encoded.
   */
  encode(inputs: readonly Bindable[], outputs: readonly GPUBuffer[], isLast: boolean): void {
    this.ready().recording.run(inputs, outputs, isLast);
  }

  /** What is kept between runs, unless a guard says that it has to be made anew. */
  get recording(): Recording | null {
    const { prepared } = this;
    return prepared?.recording?.isCurrent && areCurrent(prepared) ? prepared.recording : null;
  }

  /** Frees what the plan owns. Tensors it returned live on. */
  dispose(): void {
    this.disposed = true;
    this.release();
  }

  private compute(
    { recording, prepared }: Ready,
    inputs: readonly TensorInfo[],
    outputs: readonly TensorInfo[],
  ): void {
    const { validation } = this.backend;
    const inputBuffers = inputs.map(({ dataId }, i) =>
      this.plan.inputs[i].isFrame
        ? (this.backend.frameOf(dataId) as Frame).texture
        : this.backend.bufferOf(dataId),
    );
    const outputBuffers = outputs.map(({ dataId }) => this.backend.bufferOf(dataId));
    if (!validation.isSettled) this.submitApart();
    const from = validation.open;
    // What the browser lends is to be read before the task ends.
    const waits = this.waits && !inputBuffers.some(isLent);
    recording.run(inputBuffers, outputBuffers, !waits);
    if (waits)
      keepUntilSubmitted(this.backend, [...inputs, ...outputs, ...prepared.constants.tensors]);
    const read = prepared.folded ? [...inputs, ...prepared.folded.tensors] : inputs;
    this.backend.noteWrites(outputs, read, from, this);
    this.backend.observer?.plan(this, inputs, outputs);
    this.backend.auditor?.ran(this.plan, inputs, outputs);
    if (flag('WEBGPU_FUSED_CAPTURE')) return;
    this.rest();
  }

  /** What a run needs; made anew if a weight has changed. */
  private ready(): Ready {
    if (this.disposed) throw new Error('[webgpu-fused] run: got a plan that was disposed.');
    this.backend.assertAlive();
    if (this.prepared && !areCurrent(this.prepared)) this.release();
    const { backend, plan, computed } = this;
    if (!this.prepared) {
      const folded = this.fold();
      try {
        const constants = new PlanConstants(backend, plan, resultsOf(plan, folded));
        this.prepared = { folded, constants, recording: null };
      } catch (error) {
        folded?.giveBack();
        throw error;
      }
    }
    const { prepared } = this;
    if (prepared.recording?.isCurrent === false) this.rest();
    prepared.recording ??= new Recording(backend, plan, computed, prepared.constants.buffers);
    return { prepared, recording: prepared.recording };
  }

  private release(): void {
    const { prepared } = this;
    this.prepared = null;
    prepared?.recording?.dispose();
    prepared?.constants.dispose();
    prepared?.folded?.giveBack();
  }

  /** What depends on weights only, computed unless another plan has it. */
  private fold(): FoldedConstants | null {
    const { backend } = this;
    const { prelude } = this.plan;
    return prelude && takeFolded(backend, prelude.plan, () => this.runPrelude(prelude.plan));
  }

  /** Computes what depends on constants only. Submitted now, so it runs before any of our steps. */
  private runPrelude(prelude: Plan): TensorInfo[] {
    const { backend } = this;
    const { observer } = backend;
    // Constants are computed once, whatever call happens to be watched.
    backend.observer = null;
    try {
      const executor = new PlanExecutor(backend, prelude);
      this.submitApart();
      const results = executor.run([]);
      executor.dispose();
      return results;
    } finally {
      backend.observer = observer;
    }
  }

  /** Whether what is encoded is submitted later, along with more. An auditor looks at results as they are at once. */
  private get waits(): boolean {
    const { holders, validation, auditor } = this.backend;
    return holders > 0 && validation.isSettled && !auditor;
  }

  /** A shader that the driver rejects takes with it all that is submitted together with it. */
  private submitApart(): void {
    submitAll(this.backend);
  }

  /** Gives `target` a copy of an output that it shares with `source`, or that existed before. */
  private copyInto(
    value: Value,
    source: TensorInfo | undefined,
    inputs: readonly TensorInfo[],
    target: TensorInfo,
  ): void {
    const { backend } = this;
    const host = value.producer ? undefined : value.constant?.host;
    if (host) {
      tensorData(backend, target.dataId).values = host.slice();
      return;
    }
    const origin = source ?? this.existing(value, inputs);
    const from = this.backend.bufferOf(origin.dataId);
    const to = this.backend.bufferOf(target.dataId);
    backend.observer?.refuse('one value is several results');
    backend.endComputePassEncoder();
    backend.ensureCommandEncoderReady();
    const encoder = internalsOf(backend).commandEncoder as GPUCommandEncoder;
    encoder.copyBufferToBuffer(from, 0, to, 0, byteSize(value));
    const number = backend.validation.open;
    if (this.waits) keepUntilSubmitted(backend, [origin, target]);
    else submitAll(backend);
    backend.noteWrites([target], [origin], number, this);
  }

  /** An output that the plan does not compute: an input or a constant passed through. */
  private existing(value: Value, inputs: readonly TensorInfo[]): TensorInfo {
    const index = this.plan.inputs.indexOf(value);
    if (index >= 0) return inputs[index];
    const folded = resultsOf(this.plan, this.prepared?.folded).get(value);
    const handle = folded ?? value.constant?.handle;
    if (handle) return handle as TensorInfo;
    return this.backend.makeTensorInfo([...value.shape], value.dtype, value.constant?.host);
  }
}

function areCurrent({ folded, constants }: Prepared): boolean {
  return constants.areCurrent && (folded?.areCurrent ?? true);
}

/** The constants of a plan that stand for results of its prelude, and those. */
function resultsOf(
  { prelude }: Plan,
  folded: FoldedConstants | null = null,
): Map<Value, TensorInfo> {
  if (!prelude || !folded) return new Map();
  return new Map(prelude.results.map((value, i) => [value, folded.tensors[i]]));
}
