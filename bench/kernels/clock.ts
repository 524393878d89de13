/**
 * How fast the adapter is at the moment. A GPU changes its clock for seconds at a time, with heat and
 * with what it was given to do before; times taken meanwhile are not those taken after. A kernel of
 * nothing but multiply-adds tells.
 */
import type { PassClock } from '../../src/runtime/tuning/pass-clock';

const WORKGROUP = 256;
const STEPS = 512;
const ACCUMULATORS = 8;
const FLOPS_OF_GROUP = WORKGROUP * STEPS * ACCUMULATORS * 4 * 2;
/** A pass is made to take this long: short beside the passes that it watches. */
const PASS_US = 400;
const MAX_GROUPS = 65535;
/** Passes until the clock has risen, at most. */
const WARM_UP_PASSES = 100;
const NEAR = 0.95;

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

const MULTIPLY_ADDS = `
@group(0) @binding(0) var<storage, read_write> values: array<vec4f>;
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let factor = values[0];
  let offset = values[1];
${range(ACCUMULATORS)
  .map((i) => `  var sum${i} = values[${i}u + id.x % 7u];`)
  .join('\n')}
  for (var step = 0u; step < ${STEPS}u; step++) {
${range(ACCUMULATORS)
  .map((i) => `    sum${i} = fma(sum${i}, factor, offset);`)
  .join('\n')}
  }
  let sum = ${range(ACCUMULATORS)
    .map((i) => `sum${i}`)
    .join(' + ')};
  if (sum.x == 0.5) { values[16] = sum; }
}`;

export class Clock {
  /** Floating point operations a second, the most that was seen. */
  best = 0;
  private groups = 1;
  private readonly pipeline: GPUComputePipeline;
  private readonly group: GPUBindGroup;

  private constructor(
    device: GPUDevice,
    private readonly timer: PassClock,
  ) {
    const size = 17 * 16;
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
    const values = device.createBuffer({ size, usage });
    // Sums stay finite, and are no denormal numbers, which could be slower.
    device.queue.writeBuffer(values, 0, new Float32Array(size / 4).fill(0.75));
    const module = device.createShaderModule({ code: MULTIPLY_ADDS });
    this.pipeline = device.createComputePipeline({
      layout: 'auto',
      compute: { module, entryPoint: 'main' },
    });
    this.group = device.createBindGroup({
      layout: this.pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer: values } }],
    });
  }

  /** Finds out how long a pass has to be, and what the adapter can do. */
  static async open(device: GPUDevice, timer: PassClock): Promise<Clock> {
    const clock = new Clock(device, timer);
    while ((await clock.pass()) < PASS_US && 4 * clock.groups <= MAX_GROUPS) clock.groups *= 4;
    await clock.warmUp();
    return clock;
  }

  /** The speed now, as a share of the best that was seen. */
  async speed(): Promise<number> {
    const rate = ((FLOPS_OF_GROUP * this.groups) / (await this.pass())) * 1e6;
    this.best = Math.max(this.best, rate);
    return rate / this.best;
  }

  /** Keeps the adapter busy until it is near its best, for a moment at most. */
  async warmUp(): Promise<void> {
    const start = performance.now();
    let near = 0;
    for (let i = 0; i < WARM_UP_PASSES && near < 3 && performance.now() - start < 100; i++) {
      near = (await this.speed()) >= NEAR ? near + 1 : 0;
    }
  }

  private pass(): Promise<number> {
    return this.timer.time((pass) => {
      pass.setPipeline(this.pipeline);
      pass.setBindGroup(0, this.group);
      pass.dispatchWorkgroups(this.groups);
    });
  }
}
