/**
 * Runs plans. The first run of a plan and its thousandth are the same code: pipelines, uniforms and
 * memory are made once, bind groups again only where inputs or outputs have other buffers.
 */
import type { DataId, TensorInfo } from '@tensorflow/tfjs-core';
import { byteSize } from '../../fused-kernels/wgsl/kernel-writer';
import type { Value } from '../../ir/graph';
import type { WebGPUFusedBackend } from '../backend';
import { internalsOf, tensorData } from '../host';
import type { CompiledShader } from './pipelines';
import type { Plan } from './plan';

/** Dispatches between two submits; fewer starve the device, more delay it. */
const DISPATCHES_PER_SUBMIT = 64;

const STORAGE = (): GPUBufferUsageFlags =>
  GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

/** Where the buffer of a binding comes from at run time. */
type Source =
  | { readonly kind: 'fixed'; readonly buffer: GPUBuffer }
  | { readonly kind: 'input' | 'output'; readonly index: number };

interface Step {
  readonly label: string;
  readonly shader: CompiledShader;
  readonly workgroups: readonly [number, number, number];
  readonly uniforms: GPUBufferBinding | null;
  readonly sources: readonly Source[];
  readonly sizes: readonly number[];
  /** Present where no binding changes between runs. */
  fixed: GPUBindGroup | null;
  /** The last bind group made, and the buffers it has. */
  last: { buffers: GPUBuffer[]; group: GPUBindGroup } | null;
}

export class PlanExecutor {
  private readonly steps: Step[];
  private readonly owned: GPUBuffer[] = [];
  private readonly uniforms: GPUBuffer | null;
  /** For every output of the plan: the computed output it is, or a value that exists already. */
  private readonly computed: Value[];
  /** Constants that the plan computed for itself. */
  private readonly folded: ReadonlyMap<Value, TensorInfo>;
  private disposed = false;

  constructor(
    private readonly backend: WebGPUFusedBackend,
    readonly plan: Plan,
  ) {
    this.computed = [...new Set(plan.outputs)].filter((value) => value.producer !== undefined);
    this.folded = this.runPrelude();
    const offsets = this.layOutUniforms();
    this.uniforms = offsets.buffer;
    const slots = plan.buffers.sizes.map((size) => this.acquire(size));
    const constants = new Map(plan.constants.map((value) => [value, this.constantBuffer(value)]));
    const sourceOf = (value: Value): Source => {
      const slot = plan.buffers.slotOf.get(value);
      if (slot !== undefined) return { kind: 'fixed', buffer: slots[slot] };
      const constant = constants.get(value);
      if (constant) return { kind: 'fixed', buffer: constant };
      const input = plan.inputs.indexOf(value);
      return input >= 0
        ? { kind: 'input', index: input }
        : { kind: 'output', index: this.computed.indexOf(value) };
    };
    this.steps = plan.dispatches.map(({ label, program }, i) => ({
      label,
      shader: backend.pipelines.get(program, label),
      workgroups: program.workgroups,
      uniforms: offsets.bindings[i],
      sources: program.bindings.map(({ value }) => sourceOf(value)),
      sizes: program.bindings.map(({ value }) => byteSize(value)),
      fixed: null,
      last: null,
    }));
  }

  /**
   * Runs the plan.
   * @param inputs one tensor for each input of the plan, of its shape and dtype.
   * @returns one tensor for each output, owned by the caller.
   */
  run(inputs: readonly TensorInfo[]): TensorInfo[] {
    const { backend, plan } = this;
    const made = new Map(this.computed.map((value) => [value, this.allocate(value)]));
    this.compute(inputs, made);
    const used = new Set<DataId>();
    return plan.outputs.map((value) => {
      const info = made.get(value) ?? this.existing(value, inputs);
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
    const { outputs } = this.plan;
    const made = new Map<Value, TensorInfo>();
    outputs.forEach((value, i) => {
      if (value.producer && !made.has(value)) made.set(value, into[i]);
    });
    this.compute(inputs, made);
    outputs.forEach((value, i) => {
      const source = made.get(value);
      if (source !== into[i]) this.copyInto(value, source, inputs, into[i]);
    });
  }

  private compute(inputs: readonly TensorInfo[], made: ReadonlyMap<Value, TensorInfo>): void {
    if (this.disposed) throw new Error('[webgpu-fused] run: got a plan that was disposed.');
    const inputBuffers = inputs.map((input) => this.bufferOf(input));
    const outputBuffers = this.computed.map((value) =>
      this.bufferOf(made.get(value) as TensorInfo),
    );
    const internals = internalsOf(this.backend);
    const owned = internals.commandQueueOwnedIds;
    for (const { dataId } of inputs) owned.add(dataId);
    for (const { dataId } of made.values()) owned.add(dataId);
    if (internals.activeTimers) this.encodeTimed(inputBuffers, outputBuffers);
    else this.encode(inputBuffers, outputBuffers);
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
    const from = this.bufferOf(source ?? this.existing(value, inputs));
    const to = this.bufferOf(target);
    backend.endComputePassEncoder();
    backend.ensureCommandEncoderReady();
    const encoder = internalsOf(backend).commandEncoder as GPUCommandEncoder;
    encoder.copyBufferToBuffer(from, 0, to, 0, byteSize(value));
    backend.submitQueue();
  }

  /** Tensors that the plan keeps for itself, and that nobody else knows of. */
  get ownTensors(): number {
    return this.folded.size;
  }

  /** Frees what the plan owns. Tensors it returned live on. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    for (const buffer of this.owned) this.backend.bufferManager.releaseBuffer(buffer);
    for (const { dataId } of this.folded.values()) this.backend.disposeData(dataId);
    this.uniforms?.destroy();
  }

  /** Computes what depends on constants only. Encoded now, so it runs before any of our steps. */
  private runPrelude(): Map<Value, TensorInfo> {
    const { prelude } = this.plan;
    if (!prelude) return new Map();
    const executor = new PlanExecutor(this.backend, prelude.plan);
    const results = executor.run([]);
    // What waits in the queue still uses the memory that is given back here.
    if (internalsOf(this.backend).commandEncoder) this.submit();
    executor.dispose();
    return new Map(prelude.results.map((value, i) => [value, results[i]]));
  }

  private encode(inputs: readonly GPUBuffer[], outputs: readonly GPUBuffer[]): void {
    const { backend } = this;
    const internals = internalsOf(backend);
    let pass: GPUComputePassEncoder | null = null;
    let pipeline: GPUComputePipeline | null = null;
    for (const step of this.steps) {
      if (!pass) {
        backend.ensureCommandEncoderReady();
        const encoder = internals.commandEncoder as GPUCommandEncoder;
        pass = internals.computePassEncoder ??= encoder.beginComputePass();
        pipeline = null;
      }
      if (pipeline !== step.shader.pipeline) {
        pipeline = step.shader.pipeline;
        pass.setPipeline(pipeline);
      }
      pass.setBindGroup(0, this.bindGroup(step, inputs, outputs));
      pass.dispatchWorkgroups(...step.workgroups);
      if (++internals.dispatchCountInPass >= DISPATCHES_PER_SUBMIT) {
        this.submit();
        pass = null;
      }
    }
    if (pass) this.submit();
  }

  private submit(): void {
    this.backend.endComputePassEncoder();
    this.backend.submitQueue();
  }

  /** One pass a dispatch, each with its timestamps, as `tf.time` and `tf.profile` want it. */
  private encodeTimed(inputs: readonly GPUBuffer[], outputs: readonly GPUBuffer[]): void {
    const { backend } = this;
    const internals = internalsOf(backend);
    for (const step of this.steps) {
      backend.endComputePassEncoder();
      backend.ensureCommandEncoderReady();
      const encoder = internals.commandEncoder as GPUCommandEncoder;
      const pass = encoder.beginComputePass(this.timestamps());
      pass.setPipeline(step.shader.pipeline);
      pass.setBindGroup(0, this.bindGroup(step, inputs, outputs));
      pass.dispatchWorkgroups(...step.workgroups);
      pass.end();
      internals.activeTimers?.push({ name: step.label, query: internals.getQueryTime() });
    }
  }

  private timestamps(): GPUComputePassDescriptor {
    const internals = internalsOf(this.backend);
    if (!internals.supportTimestampQuery) return {};
    internals.querySet ??= this.backend.device.createQuerySet({
      type: 'timestamp',
      count: internals.querySetCount,
    });
    return {
      timestampWrites: {
        querySet: internals.querySet,
        beginningOfPassWriteIndex: 0,
        endOfPassWriteIndex: 1,
      },
    };
  }

  private bindGroup(
    step: Step,
    inputs: readonly GPUBuffer[],
    outputs: readonly GPUBuffer[],
  ): GPUBindGroup {
    if (step.fixed) return step.fixed;
    const buffers = step.sources.map((source) =>
      source.kind === 'fixed'
        ? source.buffer
        : (source.kind === 'input' ? inputs : outputs)[source.index],
    );
    if (step.last?.buffers.every((buffer, i) => buffer === buffers[i])) return step.last.group;
    const storage = buffers.map((buffer, i) => ({
      binding: i + 1,
      resource: { buffer, offset: 0, size: step.sizes[i] },
    }));
    const group = this.backend.device.createBindGroup({
      label: step.label,
      layout: step.shader.layout,
      entries: step.uniforms ? [{ binding: 0, resource: step.uniforms }, ...storage] : storage,
    });
    if (step.sources.every((source) => source.kind === 'fixed')) step.fixed = group;
    else step.last = { buffers, group };
    return group;
  }

  private bufferOf(tensor: TensorInfo): GPUBuffer {
    this.backend.uploadToGPU(tensor.dataId);
    return tensorData(this.backend, tensor.dataId).resource as GPUBuffer;
  }

  private allocate(value: Value): TensorInfo {
    return this.backend.makeTensorInfo([...value.shape], value.dtype);
  }

  /** An output that the plan does not compute: an input or a constant passed through. */
  private existing(value: Value, inputs: readonly TensorInfo[]): TensorInfo {
    const index = this.plan.inputs.indexOf(value);
    if (index >= 0) return inputs[index];
    const handle = this.handleOf(value);
    if (handle) return handle;
    return this.backend.makeTensorInfo([...value.shape], value.dtype, value.constant?.host);
  }

  private handleOf(value: Value): TensorInfo | undefined {
    return this.folded.get(value) ?? (value.constant?.handle as TensorInfo | undefined);
  }

  private constantBuffer(value: Value): GPUBuffer {
    const handle = this.handleOf(value);
    if (handle) return this.bufferOf(handle);
    const host = value.constant?.host;
    if (!host) throw new Error(`[webgpu-fused] constant ${value.name} has no values.`);
    const buffer = this.acquire(byteSize(value));
    const data = value.dtype === 'float32' ? Float32Array.from(host) : Int32Array.from(host);
    this.backend.queue.writeBuffer(buffer, 0, data);
    return buffer;
  }

  private acquire(size: number): GPUBuffer {
    const buffer = this.backend.bufferManager.acquireBuffer(size, STORAGE());
    this.owned.push(buffer);
    return buffer;
  }

  /** All uniforms of the plan in one buffer, each at an aligned offset, written once. */
  private layOutUniforms(): { buffer: GPUBuffer | null; bindings: (GPUBufferBinding | null)[] } {
    const { device, queue } = this.backend;
    const alignment = device.limits.minUniformBufferOffsetAlignment;
    let size = 0;
    const offsets = this.plan.dispatches.map(({ program }) => {
      const offset = size;
      size += Math.ceil(program.uniforms.byteLength / alignment) * alignment;
      return offset;
    });
    if (size === 0) return { buffer: null, bindings: offsets.map(() => null) };
    const buffer = device.createBuffer({
      size,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    const bytes = new Uint8Array(size);
    const bindings = this.plan.dispatches.map(({ program: { uniforms } }, i) => {
      if (uniforms.byteLength === 0) return null;
      bytes.set(new Uint8Array(uniforms), offsets[i]);
      return { buffer, offset: offsets[i], size: uniforms.byteLength };
    });
    queue.writeBuffer(buffer, 0, bytes);
    return { buffer, bindings };
  }
}
