/** Scripts that show a divergence by themselves: in a page's console, or saved as `.mjs` for Node. */
import type { KernelFault } from './bisect-kernels';
import type { RuleFault } from './bisect-rules';
import { storeGraph, toBase64 } from './graph-json';

/** Text that a template literal holds. */
const quoted = (text: string): string => text.replace(/[\\`$]/g, '\\$&');

/** One shader, what it is given, and what it should store: WebGPU alone. */
export function kernelScript({
  record,
  dispatch,
  binding,
  words,
  expected,
  difference,
}: KernelFault): string {
  const { wgsl, uniforms, workgroups, bindings } = dispatch.program;
  const buffers = bindings.map(({ name, access }, i) => ({
    name,
    access,
    words: access === 'read' ? toBase64(words[i]) : words[i].length,
  }));
  const allowed = difference?.allowed ?? 0;
  return `// ${record.family}: ${record.label}
// Runs one kernel and compares what it stores with float64's answer. Node: npm install webgpu.
const WGSL = \`${quoted(wgsl)}\`;
const UNIFORMS = '${toBase64(new Uint32Array(uniforms))}';
const WORKGROUPS = ${JSON.stringify(workgroups)};
// Words of 32 bits, in base64; of what the kernel writes, how many there are.
const BUFFERS = ${JSON.stringify(buffers, null, 1)};
const JUDGED = ${binding}; // of BUFFERS
const IS_FLOAT = ${bindings[binding].value.dtype === 'float32'};
const EXPECTED = '${toBase64(expected)}';
const ALLOWED = ${allowed};

const decode = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
const gpu = globalThis.navigator?.gpu ?? (await import('webgpu').then((dawn) => {
  Object.assign(globalThis, dawn.globals);
  return dawn.create([]);
}));
const adapter = await gpu.requestAdapter();
const device = await adapter.requestDevice({
  requiredFeatures: [...adapter.features].filter((name) => WGSL.includes('enable ' + name.replace('shader-', ''))),
  requiredLimits: Object.fromEntries(
    ['maxStorageBuffersPerShaderStage', 'maxComputeWorkgroupStorageSize', 'maxComputeInvocationsPerWorkgroup',
      'maxComputeWorkgroupSizeX', 'maxStorageBufferBindingSize', 'maxBufferSize']
      .map((name) => [name, adapter.limits[name]])),
});
const { STORAGE, UNIFORM, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
const make = (bytes, size, usage) => {
  const buffer = device.createBuffer({ size, usage: usage | COPY_SRC | COPY_DST });
  if (bytes.length) device.queue.writeBuffer(buffer, 0, bytes);
  return buffer;
};
const uniforms = decode(UNIFORMS);
const buffers = BUFFERS.map(({ words }) => typeof words === 'string'
  ? make(decode(words), decode(words).length, STORAGE)
  : make([], 4 * words, STORAGE));
const entries = buffers.map((buffer, i) => ({ binding: i + 1, resource: { buffer } }));
if (uniforms.length) entries.unshift({ binding: 0, resource: { buffer: make(uniforms, uniforms.length, UNIFORM) } });
const module = device.createShaderModule({ code: WGSL });
const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
const result = device.createBuffer({ size: buffers[JUDGED].size, usage: MAP_READ | COPY_DST });
const encoder = device.createCommandEncoder();
const pass = encoder.beginComputePass();
pass.setPipeline(pipeline);
pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
pass.dispatchWorkgroups(...WORKGROUPS);
pass.end();
encoder.copyBufferToBuffer(buffers[JUDGED], 0, result, 0, result.size);
device.queue.submit([encoder.finish()]);
await result.mapAsync(GPUMapMode.READ);
const Words = IS_FLOAT ? Float32Array : Int32Array;
const actual = new Words(result.getMappedRange().slice(0));
const expected = new Words(decode(EXPECTED).buffer);
let wrong = 0;
actual.forEach((x, i) => {
  if (Object.is(x, expected[i]) || Math.abs(x - expected[i]) <= ALLOWED) return;
  if (wrong++ === 0) console.log('element', i, 'is', x, 'and should be', expected[i]);
});
console.log(wrong + ' of ' + actual.length + ' elements are wrong');
device.destroy();
globalThis.reproduced = wrong;
`;
}

/** A graph before its rules, and its inputs: the package applies its rules to it again. */
export function ruleScript({ rewrite, graph, contents }: RuleFault): string {
  return graphScript(
    `rule ${rewrite.rule}`,
    storeGraph(graph, contents.inputs, contents.constants),
  );
}

export function graphScript(title: string, json: ReturnType<typeof storeGraph>): string {
  return `// ${title}
// Compiles one graph and compares its results with float64's. On the backend 'webgpu-fused'.
import * as tf from '@tensorflow/tfjs';
import 'tfjs-backend-webgpu-fused';
import { verifyGraph } from 'tfjs-backend-webgpu-fused/verify';
await tf.setBackend('webgpu-fused');
const GRAPH = ${JSON.stringify(json, null, 1)};
const found = await verifyGraph(GRAPH);
console.log(found.text);
`;
}
