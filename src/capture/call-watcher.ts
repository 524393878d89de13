/** Watches one call: which dispatches and plans it ran, on what, and what stands in the way. */
import type { DataId, TensorInfo, Variable } from '@tensorflow/tfjs-core';
import { engine } from '@tensorflow/tfjs-core';
import type { PlanDevice } from '../runtime/plan-device';
import { internalsOf, type LaunchedProgram, tensorData } from '../host/internals';
import type { CallObserver, ReplayablePlan } from '../runtime/call-observer';
import {
  elementOf,
  type Origin,
  type WatchedCall,
  type WatchedResult,
  type WatchedStep,
  type WatchedValue,
  type GuardedTensor,
} from './watched-call';

/** Why a call cannot be captured that was given a texture and reads it as a buffer. */
export const NEEDS_ELEMENTS = 'a kernel of tfjs reads a frame';

const DTYPES: ReadonlySet<string> = new Set(['float32', 'int32', 'bool']);

/** Uniforms of a dispatch: where they are, and their elements as text. */
interface MadeUniforms {
  readonly buffer: GPUBuffer;
  readonly size: number;
  readonly key: string;
}

export class CallWatcher implements CallObserver {
  /** The first thing that keeps the call from being captured; null if there is none. */
  refusal: string | null = null;
  private readonly values: WatchedValue[] = [];
  private readonly steps: WatchedStep[] = [];
  private readonly guarded = new Map<DataId, GuardedTensor>();
  private readonly ids = new Map<DataId, number>();
  private readonly created = new Set<DataId>();
  private readonly uploads = new Map<DataId, ArrayLike<number>>();

  constructor(
    private readonly backend: PlanDevice,
    inputs: readonly TensorInfo[],
  ) {
    inputs.forEach((input, index) => {
      if (!this.ids.has(input.dataId)) this.add(input.dataId, { kind: 'input', index });
    });
  }

  /** Notes why the call cannot be captured. */
  refuse(reason: string): void {
    this.refusal ??= reason;
  }

  /** A tensor came to be during the call. */
  create(dataId: DataId): void {
    this.created.add(dataId);
  }

  /** Elements are uploaded. */
  upload(dataId: DataId, elements: ArrayLike<number>): void {
    if (this.created.has(dataId)) this.uploads.set(dataId, elements);
  }

  /** Somebody asks for the elements of a tensor that is on the GPU. */
  read(dataId: DataId): void {
    if (tensorData(this.backend, dataId).values == null) this.refuse('it reads a tensor back');
    else if (this.isOutside(dataId)) this.guard(dataId);
  }

  /** Whether the call may take a tensor's value for constant; if so, the tensor is guarded. */
  relyOn(dataId: DataId): boolean {
    const known = this.ids.get(dataId);
    if (known !== undefined) return this.values[known].origin.kind === 'outside';
    if (this.created.has(dataId)) return false;
    this.guard(dataId);
    return true;
  }

  /** Calls `launch`, which runs a program of stock's, and notes what it dispatched. */
  dispatch(program: object, inputs: readonly TensorInfo[], launch: () => TensorInfo): TensorInfo {
    const readsFrame = inputs.some(({ dataId }) => this.backend.frameOf(dataId));
    if (readsFrame) this.refuse(NEEDS_ELEMENTS);
    const internals = internalsOf(this.backend);
    // What computes its operands may have waited until now, and is dispatched inside of this: each has its own.
    const outer = Object.getOwnPropertyDescriptor(internals, 'makeUniforms');
    Reflect.deleteProperty(internals, 'makeUniforms');
    const { makeUniforms } = internals;
    let own = null as MadeUniforms | null;
    internals.makeUniforms = (uniforms) => {
      const made = makeUniforms.call(internals, uniforms);
      // Keeps it from going back to the pool: whoever replays the call binds it again.
      internals.uniformPendingDisposal.pop();
      const key = JSON.stringify(uniforms.map(({ data }) => [...data].map(String)));
      own = { buffer: made.buffer, size: made.size, key };
      return made;
    };
    try {
      const output = launch();
      this.note(program as LaunchedProgram, inputs, output, own);
      return output;
    } finally {
      Reflect.deleteProperty(internals, 'makeUniforms');
      if (outer) Object.defineProperty(internals, 'makeUniforms', outer);
    }
  }

  /** A plan has run. */
  plan(
    executor: ReplayablePlan,
    inputs: readonly TensorInfo[],
    outputs: readonly TensorInfo[],
  ): void {
    const sources = inputs.map(({ dataId }) => this.source(dataId));
    const made = outputs.map(({ dataId }) => this.target(dataId));
    this.steps.push({ kind: 'plan', executor, inputs: sources, outputs: made });
  }

  /** What was watched. */
  finish(results: readonly TensorInfo[]): WatchedCall {
    const watched = results.map(({ dataId, shape, dtype }): WatchedResult => {
      const value = this.ids.get(dataId) ?? -1;
      if (value < 0 || this.values[value].origin.kind !== 'made') {
        this.refuse('a result is an input or a constant');
      }
      if (!DTYPES.has(dtype)) this.refuse(`a result is of type ${dtype}`);
      return { value, shape: [...shape], dtype: dtype as WatchedResult['dtype'] };
    });
    if (this.steps.length === 0) this.refuse('it computes nothing on the GPU');
    const guarded = [...this.guarded.values()];
    return { values: this.values, steps: this.steps, results: watched, guarded };
  }

  private note(
    program: LaunchedProgram,
    inputs: readonly TensorInfo[],
    output: TensorInfo,
    uniforms: MadeUniforms | null,
  ): void {
    if (!uniforms) {
      // An empty result is not computed at all; compiling only is not computing.
      this.refuse('a kernel ran without a dispatch');
      return;
    }
    const { pipeline, dispatch } = program;
    const { buffer, size, key } = uniforms;
    this.steps.push({
      kind: 'dispatch',
      label: program.constructor.name,
      pipeline,
      workgroups: [...dispatch] as [number, number, number],
      uniforms: buffer,
      uniformBytes: size,
      uniformKey: key,
      inputs: inputs.map(({ dataId }) => this.source(dataId)),
      output: this.target(output.dataId),
    });
  }

  /** The number of a value that is read. */
  private source(dataId: DataId): number {
    const known = this.ids.get(dataId);
    if (known !== undefined) return known;
    if (this.created.has(dataId)) {
      const elements = this.uploads.get(dataId);
      if (!elements) this.refuse('it reads a tensor of unknown origin');
      return this.add(dataId, { kind: 'constant', elements: elements ?? [] });
    }
    if (this.backend.frameOf(dataId)) this.refuse('it reads a texture');
    this.guard(dataId);
    const buffer = tensorData(this.backend, dataId).resource as GPUBuffer;
    return this.add(dataId, { kind: 'outside', buffer, dataId });
  }

  /** Whether a tensor was there before the call. */
  private isOutside(dataId: DataId): boolean {
    return !this.created.has(dataId) && !this.ids.has(dataId);
  }

  private guard(dataId: DataId): void {
    const data = tensorData(this.backend, dataId);
    const { resource, values } = data;
    const element = elementOf(data);
    const variables: Variable[] = Object.values(engine().state.registeredVariables).filter(
      (variable) => variable.dataId === dataId,
    );
    this.guarded.set(dataId, { dataId, data, resource, values, element, variables });
  }

  /** The number of a value that is computed, perhaps into a tensor that has some already. */
  private target(dataId: DataId): number {
    const known = this.ids.get(dataId);
    if (known === undefined && this.created.has(dataId) && !this.uploads.has(dataId)) {
      return this.add(dataId, { kind: 'made' });
    }
    if (known !== undefined && this.values[known].origin.kind === 'made') return known;
    this.refuse('it writes into a tensor that exists already');
    return known ?? this.add(dataId, { kind: 'made' });
  }

  private add(dataId: DataId, origin: Origin): number {
    const { resource } = tensorData(this.backend, dataId);
    // An input may be a texture that plans read.
    if (!(resource instanceof GPUBuffer) && origin.kind !== 'input')
      this.refuse('it reads a texture');
    const id = this.values.length;
    this.values.push({ origin, bytes: resource instanceof GPUBuffer ? resource.size : 0 });
    this.ids.set(dataId, id);
    return id;
  }
}
