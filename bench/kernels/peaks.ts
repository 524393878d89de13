/** What the adapter can do at most: the rates of kernels that do nothing else. */
import type { PassTimer } from './pass-timer';

export interface Peaks {
  /** Multiply-adds of float32 in registers: floating point operations a second, each being two. */
  readonly flops: number;
  /** Bytes a second that are read from a buffer larger than any cache. */
  readonly read: number;
  /** Bytes a second of a copy, those read and those written. */
  readonly copy: number;
}

const WORKGROUP = 256;
const ACCUMULATORS = 8;
const ROUNDS = 5;
/** A pass is repeated with more work until it takes this long: the clock of a GPU has to rise. */
const PASS_US = 4000;

const FMA = `
@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> sink: array<vec4f>;
override steps: u32;
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let factor = source[0];
  let offset = source[1];
${Array.from({ length: ACCUMULATORS }, (_, i) => `  var sum${i} = source[${i}u + id.x % 7u];`).join('\n')}
  for (var step = 0u; step < steps; step++) {
${Array.from({ length: ACCUMULATORS }, (_, i) => `    sum${i} = fma(sum${i}, factor, offset);`).join('\n')}
  }
  sink[id.x % arrayLength(&sink)] = ${Array.from({ length: ACCUMULATORS }, (_, i) => `sum${i}`).join(' + ')};
}`;

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
  timer: PassTimer,
  bytes: number,
): Promise<Peaks> {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const source = device.createBuffer({ size: bytes, usage });
  const sink = device.createBuffer({ size: bytes, usage });
  // Ones: numbers that grow without end could be slower, and zeros faster.
  device.queue.writeBuffer(source, 0, new Float32Array(4096).fill(1));
  const run = async (code: string, constants: Record<string, number>, shape: Shape) => {
    const pipeline = device.createComputePipeline({
      layout: 'auto',
      compute: { module: device.createShaderModule({ code }), entryPoint: 'main', constants },
    });
    const bindGroup = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [source, sink].map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    return fastest(timer, (pass, scale) => {
      const { groups, repetitions } = shape(scale);
      const x = Math.min(groups, device.limits.maxComputeWorkgroupsPerDimension);
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      for (let i = 0; i < repetitions; i++) pass.dispatchWorkgroups(x, Math.ceil(groups / x));
    });
  };
  const vectors = bytes / 16;
  const over = (groups: number): Shape => {
    return (scale) => ({ groups: Math.floor(groups), repetitions: scale });
  };
  const steps = 512;
  const fma = await run(FMA, { steps }, (scale) => ({ groups: 64 * scale, repetitions: 1 }));
  const read = await run(READ, {}, over(vectors / WORKGROUP / READS));
  const copy = await run(COPY, {}, over(vectors / WORKGROUP));
  source.destroy();
  sink.destroy();
  return {
    flops: (64 * WORKGROUP * steps * ACCUMULATORS * 4 * 2 * 1e6) / fma,
    read: (bytes * 1e6) / read,
    copy: (2 * bytes * 1e6) / copy,
  };
}

/** How much one pass does, at a scale. */
type Shape = (scale: number) => { groups: number; repetitions: number };

/** Microseconds of scale 1, in the fastest of some passes that are long enough. */
async function fastest(
  timer: PassTimer,
  encode: (pass: GPUComputePassEncoder, scale: number) => void,
): Promise<number> {
  let scale = 1;
  let time = await timer.time((pass) => encode(pass, scale));
  while (time < PASS_US && scale < 4096) {
    scale *= 4;
    time = await timer.time((pass) => encode(pass, scale));
  }
  for (let round = 1; round < ROUNDS; round++) {
    time = Math.min(time, await timer.time((pass) => encode(pass, scale)));
  }
  return time / scale;
}
