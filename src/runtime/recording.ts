/**
 * A plan made ready to be replayed: memory, uniforms, pipelines, and bind groups wherever neither
 * inputs nor outputs of the plan are bound. A warm call only encodes what is here.
 */
import { byteSize } from '../fused-kernels/wgsl/kernel-writer';
import type { Value } from '../ir/graph';
import type { Bindable } from '../host/frames';
import type { PlanDevice } from './plan-device';
import type { Plan } from '../compiler/plan';
import { encodeSteps, submitAll } from './encode';
import { type Source, Step } from './step';
import { writeUniforms } from './uniforms';

export class Recording {
  private readonly steps: readonly Step[];
  /** Memory of intermediates; others use it while the plan does not run. */
  readonly slabs: readonly GPUBuffer[];
  private readonly generation: number;
  private readonly uniforms: GPUBuffer | null;

  /**
   * @param computed the values that the plan computes and returns, in the order of the outputs
   *   that {@link encode} is given.
   * @param constants the buffer of every constant of the plan.
   */
  constructor(
    private readonly backend: PlanDevice,
    plan: Plan,
    computed: readonly Value[],
    constants: ReadonlyMap<Value, GPUBuffer>,
  ) {
    const { device, pipelines } = backend;
    const { slabs, placements } = plan.buffers;
    this.slabs = backend.slabs.take(slabs);
    this.generation = backend.slabs.generation;
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
        bindings: [
          uniforms.bindings[i],
          ...values.map((value) => ({ source: sourceOf(value), size: byteSize(value) })),
        ],
      });
    });
  }

  /** False once its memory may be dead. */
  get isCurrent(): boolean {
    return this.generation === this.backend.slabs.generation;
  }

  /** Bytes of intermediates, what is shared divided. */
  get bytes(): number {
    return this.backend.slabs.shareOf(this.slabs);
  }

  /** Encodes all dispatches, and submits them unless more follow that are to go along. */
  run(inputs: readonly Bindable[], outputs: readonly GPUBuffer[], isLast = true): void {
    encodeSteps(this.backend, this.steps, inputs, outputs);
    if (isLast) submitAll(this.backend);
  }

  /** Encodes all dispatches into a pass that is not the backend's. */
  encodeInto(
    pass: GPUComputePassEncoder,
    inputs: readonly Bindable[],
    outputs: readonly GPUBuffer[],
  ): void {
    for (const step of this.steps) {
      pass.setPipeline(step.pipeline);
      pass.setBindGroup(0, step.bind(inputs, outputs));
      pass.dispatchWorkgroups(step.x, step.y, step.z);
    }
  }

  /** Gives the memory back. What is encoded still needs it. */
  dispose(): void {
    if (!this.backend.isLost) submitAll(this.backend);
    this.backend.slabs.giveBack(this.slabs);
    this.uniforms?.destroy();
  }
}
