/** What the adapter can do at most: the rates of kernels that do nothing else. */
import type { Clock } from './clock';
import type { PassClock } from '../../src/runtime/tuning/pass-clock';

export interface Peaks {
  /** Multiply-adds of float32 in registers: floating point operations a second, each being two. */
  readonly flops: number;
  /** Bytes a second that are read from a buffer larger than any cache. */
  readonly read: number;
  /** Bytes a second of a copy, those read and those written. */
  readonly copy: number;
}

const WORKGROUP = 256;
const ROUNDS = 5;
/** A pass is repeated with more work until it takes this long. */
const PASS_US = 4000;

const READS = 8;
const READ = `
@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> sink: array<vec4f>;
@compute @workgroup_size(${WORKGROUP})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = group.y * groups.x + group.x;
  var sum = vec4f(0.0);
  for (var i = 0u; i < ${READS}u; i++) {
    sum += source[(block * ${READS}u + i) * ${WORKGROUP}u + lane];
  }
  if (sum.x == 1234.5) { sink[block] = sum; }
}`;

const COPY = `
@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> sink: array<vec4f>;
@compute @workgroup_size(${WORKGROUP})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = (group.y * groups.x + group.x) * ${WORKGROUP}u + lane;
  sink[at] = source[at];
}`;

/** Measures the peaks; `bytes` is the size of each of two buffers, more than caches hold. */
export async function measurePeaks(
  device: GPUDevice,
  timer: PassClock,
  clock: Clock,
  bytes: number,
): Promise<Peaks> {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const source = device.createBuffer({ size: bytes, usage });
  const sink = device.createBuffer({ size: bytes, usage });
  // Ones: numbers that grow without end could be slower, and zeros faster.
  device.queue.writeBuffer(source, 0, new Float32Array(4096).fill(1));
  const run = async (code: string, count: number): Promise<number> => {
    const pipeline = device.createComputePipeline({
      layout: 'auto',
      compute: { module: device.createShaderModule({ code }), entryPoint: 'main' },
    });
    const bindGroup = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [source, sink].map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    const groups = Math.floor(count);
    const x = Math.min(groups, device.limits.maxComputeWorkgroupsPerDimension);
    return fastest(timer, (pass, repetitions) => {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      for (let i = 0; i < repetitions; i++) pass.dispatchWorkgroups(x, Math.ceil(groups / x));
    });
  };
  const read = await run(READ, bytes / 16 / WORKGROUP / READS);
  const copy = await run(COPY, bytes / 16 / WORKGROUP);
  source.destroy();
  sink.destroy();
  return { flops: clock.best, read: (bytes * 1e6) / read, copy: (2 * bytes * 1e6) / copy };
}

/** Microseconds of one repetition, in the fastest of some passes that are long enough. */
async function fastest(
  timer: PassClock,
  encode: (pass: GPUComputePassEncoder, repetitions: number) => void,
): Promise<number> {
  let repetitions = 1;
  let time = await timer.time((pass) => encode(pass, repetitions));
  while (time < PASS_US && repetitions < 4096) {
    repetitions *= 4;
    time = await timer.time((pass) => encode(pass, repetitions));
  }
  for (let round = 1; round < ROUNDS; round++) {
    time = Math.min(time, await timer.time((pass) => encode(pass, repetitions)));
  }
  return time / repetitions;
}
