/** A traced call made ready to be replayed, on new inputs and into new outputs. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { PlanDevice } from '../runtime/plan-device';
import type { ReplayablePlan } from '../runtime/call-observer';
import type { Maker } from '../runtime/validation';
import type { Bindable } from '../host/frames';
import { placeOnSlabs } from '../compiler/slabs';
import { encodeSteps, submitAll } from '../runtime/encode';
import { type Life, livesOf, lowerBoundOf, type ReplayMemory, touched } from './replay-memory';
import { type Source, Step } from '../runtime/step';
import {
  isUnchanged,
  releaseWatched,
  type WatchedCall,
  type WatchedDispatch,
  type WatchedResult,
} from './watched-call';

const STORAGE = (): GPUBufferUsageFlags =>
  GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

/** Dispatches between two plans, or a plan. */
type Segment =
  | { readonly steps: readonly Step[] }
  | {
      readonly executor: ReplayablePlan;
      readonly inputs: readonly Source[];
      readonly outputs: readonly Source[];
    };

export class CallReplay implements Maker {
  readonly name = 'a captured call';
  private readonly owned: GPUBuffer[] = [];
  private readonly sources: readonly Source[];
  private readonly segments: readonly Segment[];
  /** What its plans had kept when they were watched: their memory is used between their runs. */
  private readonly recordings: ReadonlyMap<ReplayablePlan, ReplayablePlan['recording']>;
  /** Values that are results, in the order of {@link run}'s tensors; each once. */
  private readonly made: readonly number[];
  readonly memory: ReplayMemory;
  /** Commands of it were dropped: its buffers may be dead. */
  private isForgotten = false;

  constructor(
    private readonly backend: PlanDevice,
    private readonly call: WatchedCall,
  ) {
    this.made = [...new Set(call.results.map(({ value }) => value))];
    this.recordings = new Map(
      call.steps.flatMap((step): [ReplayablePlan, ReplayablePlan['recording']][] =>
        step.kind === 'plan' ? [[step.executor, step.executor.recording]] : [],
      ),
    );
    this.sources = this.place();
    this.segments = this.split();
    const buffers = [...this.slabs, ...this.owned];
    this.memory = {
      allocated: buffers.reduce((sum, { size }) => sum + size, 0),
      lowerBound: lowerBoundOf(call, new Set(this.made)),
    };
  }

  /** False once a tensor that the call closed over has changed, or a plan was given up. */
  get isCurrent(): boolean {
    if (this.isForgotten) return false;
    for (const guarded of this.call.guarded) if (!isUnchanged(guarded)) return false;
    for (const [executor, recording] of this.recordings) {
      if (!recording || executor.recording !== recording) return false;
    }
    return true;
  }

  forget(): void {
    this.isForgotten = true;
  }

  /** The memory of its plans, several of which may have the same. */
  private get slabs(): Set<GPUBuffer> {
    return new Set([...this.recordings.values()].flatMap((recording) => recording?.slabs ?? []));
  }

  /** Runs the call again; results as the call gave them, owned by the caller. */
  run(inputs: readonly TensorInfo[]): TensorInfo[] {
    const { backend, call } = this;
    backend.assertAlive();
    const infos = this.made.map((value) => {
      const { shape, dtype } = call.results.find(
        (result) => result.value === value,
      ) as WatchedResult;
      return backend.makeTensorInfo(shape, dtype);
    });
    const given = inputs.map(
      ({ dataId }) => backend.frameOf(dataId)?.texture ?? backend.bufferOf(dataId),
    );
    const results = infos.map((info) => backend.bufferOf(info.dataId));
    const from = backend.validation.open;
    for (const segment of this.segments) {
      if ('steps' in segment) {
        encodeSteps(backend, segment.steps, given, results);
        continue;
      }
      const pick = (source: Source): Bindable =>
        source.kind === 'fixed'
          ? source.buffer
          : (source.kind === 'input' ? given : results)[source.index];
      const outputs = segment.outputs.map(pick) as GPUBuffer[];
      segment.executor.encode(segment.inputs.map(pick), outputs, false);
    }
    submitAll(backend);
    backend.noteWrites(infos, inputs, from, this);
    const used = new Set<TensorInfo>();
    return call.results.map(({ value, shape, dtype }) => {
      const info = infos[this.made.indexOf(value)];
      if (used.has(info)) backend.incRef(info.dataId);
      used.add(info);
      return { dataId: info.dataId, shape: [...shape], dtype };
    });
  }

  dispose(): void {
    for (const buffer of this.owned) this.backend.bufferManager.releaseBuffer(buffer);
    releaseWatched(this.call, this.backend);
  }

  /** Where every value lives. */
  private place(): Source[] {
    const { call, made } = this;
    const shared = this.placeShared();
    return call.values.map(({ origin, bytes }, id): Source => {
      const place = shared.get(id);
      if (place) return place;
      const result = made.indexOf(id);
      if (result >= 0) return { kind: 'output', index: result };
      if (origin.kind === 'input') return origin;
      if (origin.kind === 'outside') return { kind: 'fixed', buffer: origin.buffer, offset: 0 };
      const buffer = this.acquire(bytes);
      if (origin.kind === 'constant') {
        this.backend.queue.writeBuffer(buffer, 0, origin.elements as Float32Array<ArrayBuffer>);
      }
      return { kind: 'fixed', buffer, offset: 0 };
    });
  }

  /** Intermediates that only dispatches touch, on slabs; a plan takes whole buffers. */
  private placeShared(): Map<number, Source> {
    const { values, steps } = this.call;
    const lives = livesOf(steps);
    const apart = new Set(this.made);
    const conflicts = values.map(() => new Set<number>());
    steps.forEach((step) => {
      if (step.kind === 'plan') {
        for (const id of touched(step)) apart.add(id);
        return;
      }
      for (const id of step.inputs) {
        conflicts[id].add(step.output);
        conflicts[step.output].add(id);
      }
    });
    const shared = [...lives.keys()].filter(
      (id) => values[id].origin.kind === 'made' && !apart.has(id),
    );
    const position = new Map(shared.map((id, at) => [id, at]));
    const free = [...this.slabs].map((buffer) => {
      const busy = steps.flatMap((step, at) =>
        step.kind === 'plan' && this.recordings.get(step.executor)?.slabs.includes(buffer)
          ? [{ first: at, last: at }]
          : [],
      );
      return { buffer, size: buffer.size, busy };
    });
    const { slabs, placements } = placeOnSlabs(
      shared.map((id) => ({
        size: values[id].bytes,
        ...(lives.get(id) as Life),
      })),
      shared.map((id) => new Set([...conflicts[id]].flatMap((other) => position.get(other) ?? []))),
      free,
    );
    const buffers = slabs.map((size, at) => free[at]?.buffer ?? this.acquire(size));
    return new Map(
      shared.map((id, at): [number, Source] => {
        const { slab, offset } = placements[at];
        return [id, { kind: 'fixed', buffer: buffers[slab], offset }];
      }),
    );
  }

  private split(): Segment[] {
    const segments: Segment[] = [];
    let open: Step[] | null = null;
    for (const step of this.call.steps) {
      if (step.kind === 'plan') {
        open = null;
        segments.push({
          executor: step.executor,
          inputs: step.inputs.map((id) => this.sources[id]),
          outputs: step.outputs.map((id) => this.sources[id]),
        });
        continue;
      }
      if (!open) segments.push({ steps: (open = []) });
      open.push(this.makeStep(step));
    }
    return segments;
  }

  /** As stock binds: the result, the operands, the uniforms. */
  private makeStep(step: WatchedDispatch): Step {
    const { label, pipeline, workgroups, uniforms, uniformBytes, inputs, output } = step;
    const bound = [output, ...inputs].map((id) => ({
      source: this.sources[id],
      size: this.call.values[id].bytes,
    }));
    const uniform: Source = { kind: 'fixed', buffer: uniforms, offset: 0 };
    return new Step(this.backend.device, {
      label,
      shader: { pipeline, layout: pipeline.getBindGroupLayout(0) },
      workgroups,
      bindings: [...bound, { source: uniform, size: uniformBytes }],
    });
  }

  private acquire(size: number): GPUBuffer {
    const buffer = this.backend.bufferManager.acquireBuffer(size, STORAGE());
    this.owned.push(buffer);
    return buffer;
  }
}
