/** Times a plan by itself, on buffers of its own that nobody reads. */
import { byteSize } from '../../fused-kernels/wgsl/kernel-writer';
import type { Value } from '../../ir/graph';
import type { Plan } from '../../compiler/plan';
import type { PlanDevice } from '../plan-device';
import { Recording } from '../recording';
import type { PassClock } from './pass-clock';

/** A pass shorter than this is lost in the steps of the clock: browsers round to 100 µs. */
const MIN_PASS_MICROSECONDS = 1000;
const MAX_REPEATS = 256;

export class PlanTimer {
  private readonly recording: Recording;
  private readonly inputs: readonly GPUBuffer[];
  private readonly outputs: readonly GPUBuffer[];
  private repeats = 1;

  /** @param plan one without constants that are tensors: what it reads are zeros. */
  constructor(
    backend: PlanDevice,
    plan: Plan,
    private readonly clock: PassClock,
  ) {
    const { device } = backend;
    const scratch = (value: Value): GPUBuffer =>
      device.createBuffer({
        size: byteSize(value),
        usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
      });
    this.inputs = plan.inputs.map(scratch);
    this.outputs = plan.outputs.map(scratch);
    this.recording = new Recording(backend, plan, plan.outputs, new Map());
  }

  /** Runs the plan until it is warm, and finds out how often a pass has to. */
  async warmUp(): Promise<void> {
    await this.pass(1);
    for (;;) {
      const microseconds = await this.pass(this.repeats);
      if (microseconds >= MIN_PASS_MICROSECONDS || this.repeats === MAX_REPEATS) return;
      const factor = Math.ceil(MIN_PASS_MICROSECONDS / Math.max(microseconds, 1));
      this.repeats = Math.min(MAX_REPEATS, this.repeats * Math.min(16, Math.max(2, factor)));
    }
  }

  /** Microseconds of one run. */
  async measure(): Promise<number> {
    return (await this.pass(this.repeats)) / this.repeats;
  }

  dispose(): void {
    this.recording.dispose();
    for (const buffer of [...this.inputs, ...this.outputs]) buffer.destroy();
  }

  private pass(repeats: number): Promise<number> {
    return this.clock.time((pass) => {
      for (let i = 0; i < repeats; i++) this.recording.encodeInto(pass, this.inputs, this.outputs);
    });
  }
}
