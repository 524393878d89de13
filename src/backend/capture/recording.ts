/**
 * A plan made ready to be replayed: memory, uniforms, pipelines, and bind groups wherever neither
 * inputs nor outputs of the plan are bound. A warm call only encodes what is here.
 */
import { byteSize } from '../../fused-kernels/wgsl/kernel-writer';
import type { Value } from '../../ir/graph';
import type { WebGPUFusedBackend } from '../backend';
import { internalsOf } from '../host';
import { DISPATCHES_PER_SUBMIT, type Plan } from '../plan/plan';
import { type Source, Step } from './step';
import { timestampsOf } from './timestamps';
import { writeUniforms } from './uniforms';

const STORAGE = (): GPUBufferUsageFlags =>
  GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

export class Recording {
  private readonly steps: readonly Step[];
  private readonly slabs: readonly GPUBuffer[];
  private readonly uniforms: GPUBuffer | null;

  /**
   * @param computed the values that the plan computes and returns, in the order of the outputs
   *   that {@link encode} is given.
   * @param constants the buffer of every constant of the plan.
   */
  constructor(
    private readonly backend: WebGPUFusedBackend,
    plan: Plan,
    computed: readonly Value[],
    constants: ReadonlyMap<Value, GPUBuffer>,
  ) {
    const { device, bufferManager, pipelines } = backend;
    const { slabs, placements } = plan.buffers;
    this.slabs = slabs.map((size) => bufferManager.acquireBuffer(size, STORAGE()));
    const uniforms = writeUniforms(device, plan.dispatches);
    this.uniforms = uniforms.buffer;
    const sourceOf = (value: Value): Source => {
      const place = placements.get(value);
      if (place) return { kind: 'fixed', buffer: this.slabs[place.slab], offset: place.offset };
      const constant = constants.get(value);
      if (constant) return { kind: 'fixed', buffer: constant, offset: 0 };
      const input = plan.inputs.indexOf(value);
      return input >= 0
        ? { kind: 'input', index: input }
        : { kind: 'output', index: computed.indexOf(value) };
    };
    this.steps = plan.dispatches.map(({ label, program }, i) => {
      const values = program.bindings.map(({ value }) => value);
      return new Step(device, {
        label,
        shader: pipelines.get(program, label),
        workgroups: program.workgroups,
        uniforms: uniforms.bindings[i],
        sources: values.map(sourceOf),
        sizes: values.map(byteSize),
      });
    });
  }

  /** Encodes and submits all dispatches. */
  run(inputs: readonly GPUBuffer[], outputs: readonly GPUBuffer[]): void {
    if (internalsOf(this.backend).activeTimers) this.runTimed(inputs, outputs);
    else this.runAll(inputs, outputs);
  }

  /** Gives the memory back. Nothing of it is in commands that still wait: every run submits. */
  dispose(): void {
    for (const slab of this.slabs) this.backend.bufferManager.releaseBuffer(slab);
    this.uniforms?.destroy();
  }

  private runAll(inputs: readonly GPUBuffer[], outputs: readonly GPUBuffer[]): void {
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
      if (pipeline !== step.pipeline) {
        pipeline = step.pipeline;
        pass.setPipeline(pipeline);
      }
      pass.setBindGroup(0, step.fixed ?? step.bind(inputs, outputs));
      pass.dispatchWorkgroups(step.x, step.y, step.z);
      if (++internals.dispatchCountInPass >= DISPATCHES_PER_SUBMIT) {
        this.submit();
        pass = null;
      }
    }
    if (pass) this.submit();
  }

  /** One pass a dispatch, each with its timestamps, as `tf.time` and `tf.profile` want it. */
  private runTimed(inputs: readonly GPUBuffer[], outputs: readonly GPUBuffer[]): void {
    const { backend } = this;
    const internals = internalsOf(backend);
    for (const step of this.steps) {
      backend.endComputePassEncoder();
      backend.ensureCommandEncoderReady();
      const encoder = internals.commandEncoder as GPUCommandEncoder;
      const pass = encoder.beginComputePass(timestampsOf(backend));
      pass.setPipeline(step.pipeline);
      pass.setBindGroup(0, step.bind(inputs, outputs));
      pass.dispatchWorkgroups(step.x, step.y, step.z);
      pass.end();
      internals.activeTimers?.push({ name: step.label, query: internals.getQueryTime() });
    }
    if (internals.commandEncoder) this.submit();
  }

  private submit(): void {
    this.backend.endComputePassEncoder();
    this.backend.submitQueue();
  }
}
