// Is there a WebGPU adapter, and does it compute? Run in a process of its own: a broken driver may
// crash or hang the process that asks. Prints one line of JSON.
import { create, globals } from 'webgpu';

Object.assign(globalThis, globals);

const SHADER = `
@group(0) @binding(0) var<storage, read_write> values: array<u32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  values[id.x] = 3u * id.x + 1u;
}`;

/** @param {GPUDevice} device @returns {Promise<boolean>} whether a small kernel computes rightly */
async function computes(device) {
  const size = 256;
  const values = device.createBuffer({
    size,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
  });
  const result = device.createBuffer({
    size,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  const module = device.createShaderModule({ code: SHADER });
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer: values } }],
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(values, 0, result, 0, size);
  device.queue.submit([encoder.finish()]);
  await result.mapAsync(GPUMapMode.READ);
  return new Uint32Array(result.getMappedRange()).every((value, i) => value === 3 * i + 1);
}

const keepAlive = setInterval(() => {}, 5);
const gpu = create([]);
const adapter = await gpu.requestAdapter();
let found = null;
if (adapter) {
  const { vendor, architecture, device, description } = adapter.info;
  const ok = await computes(await adapter.requestDevice());
  const features = [...adapter.features].sort();
  if (ok) found = { vendor, architecture, device, description, features };
}
process.stdout.write(`${JSON.stringify(found)}\n`, () => process.exit(0));
clearInterval(keepAlive);
