/**
 * What a device makes of divisors whose reciprocal is a denormal. WGSL bounds the error of a quotient for
 * divisors up to 2^126 only (https://www.w3.org/TR/WGSL/#floating-point-accuracy), and a device that
 * multiplies by the reciprocal may answer 0 beyond, or NaN for ∞ · 0. NVIDIA's do.
 */
import { LARGEST_DIVISOR } from './tolerance';

/** Quotients that are 1, 1.5 and ∞ where divisors are divided by. */
const DIVIDENDS = [2 * LARGEST_DIVISOR, 3 * LARGEST_DIVISOR, Infinity];

const SHADER = `
@group(0) @binding(0) var<storage, read_write> data: array<f32>;
@compute @workgroup_size(1)
fn main() {
  let divisor = data[${DIVIDENDS.length}];
  for (var i = 0; i < ${DIVIDENDS.length}; i++) {
    let dividend = data[i];
    data[i] = dividend / divisor;
    data[i + ${DIVIDENDS.length + 1}] = dividend / 0x1p127f;
  }
}`;

/** Asks a device whether it flushes quotients by divisors of more than 2^126, known to it or not. */
export async function flushesLargeDivisors(device: GPUDevice): Promise<boolean> {
  const { STORAGE, COPY_DST, COPY_SRC, MAP_READ } = GPUBufferUsage;
  const size = 4 * (2 * DIVIDENDS.length + 1);
  const data = device.createBuffer({ size, usage: STORAGE | COPY_DST | COPY_SRC });
  const staging = device.createBuffer({ size, usage: MAP_READ | COPY_DST });
  const module = device.createShaderModule({ code: SHADER });
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
  device.queue.writeBuffer(data, 0, Float32Array.of(...DIVIDENDS, 2 * LARGEST_DIVISOR));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  const entries = [{ binding: 0, resource: { buffer: data } }];
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(data, 0, staging, 0, size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const quotients = new Float32Array(staging.getMappedRange().slice(0));
  data.destroy();
  staging.destroy();
  return quotients.some((quotient, i) => i !== DIVIDENDS.length && !(quotient > 0));
}
