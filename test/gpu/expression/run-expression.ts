import {
  emitWgsl,
  inputIndices,
  wgslType,
  type Expr,
  type ScalarType,
} from '../../../src/ir/expression';

type Column = readonly number[];

const toBits = (values: Column, type: ScalarType) =>
  type === 'float32' ? new Float32Array(values) : new Int32Array(values);

/** A compute shader that evaluates one expression for every element of its inputs. */
export function shaderSource(expr: Expr, types: readonly ScalarType[], width: 1 | 4): string {
  const helpers = new Map<string, string>();
  const used = inputIndices(expr);
  const splat = (name: string) => (width === 1 ? name : `vec4<f32>(${name})`);
  const { statements, results } = emitWgsl([expr], {
    width,
    inputName: (index) => `x${index}`,
    helper: (name, source) => {
      if (helpers.has(name) && helpers.get(name) !== source) {
        throw new Error(`Two helper functions are named ${name}.`);
      }
      helpers.set(name, source);
      return name;
    },
    nan: splat('uniforms.NAN'),
    infinity: splat('uniforms.INFINITY'),
  });
  return `
struct Uniforms { NAN: f32, INFINITY: f32, size: u32 }
@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read_write> result: array<${wgslType(expr.type, width)}>;
${used.map((index, i) => `@group(0) @binding(${i + 2}) var<storage, read> in${index}: array<${wgslType(types[index], width)}>;`).join('\n')}
${[...helpers.values()].join('\n')}
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  if (i >= uniforms.size) { return; }
  ${used.map((index) => `let x${index} = in${index}[i];`).join('\n  ')}
  ${statements.join('\n  ')}
  result[i] = ${results[0]};
}`;
}

/** Runs an expression on the device for columns of inputs of equal length. */
export async function runExpression(
  device: GPUDevice,
  expr: Expr,
  types: readonly ScalarType[],
  columns: readonly Column[],
  width: 1 | 4,
): Promise<Float32Array | Int32Array> {
  const code = shaderSource(expr, types, width);
  const module = device.createShaderModule({ code });
  const { messages } = await module.getCompilationInfo();
  const problem = messages.find(({ type }) => type === 'error');
  if (problem) throw new Error(`${problem.message} (line ${problem.lineNum})\n${code}`);
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });

  const length = columns[0].length;
  const padded = Math.ceil(length / 4) * 4;
  const uniforms = new ArrayBuffer(16);
  new Float32Array(uniforms).set([NaN, Infinity]);
  new Uint32Array(uniforms)[2] = padded / width;
  const buffers: GPUBuffer[] = [];
  const makeBuffer = (size: number, usage: number, data?: ArrayBufferView | ArrayBuffer) => {
    const buffer = device.createBuffer({ size, usage });
    if (data) device.queue.writeBuffer(buffer, 0, data as GPUAllowSharedBufferSource);
    buffers.push(buffer);
    return buffer;
  };
  const { UNIFORM, STORAGE, COPY_DST, COPY_SRC, MAP_READ } = GPUBufferUsage;
  const result = makeBuffer(padded * 4, STORAGE | COPY_SRC);
  const bound = [
    makeBuffer(16, UNIFORM | COPY_DST, uniforms),
    result,
    ...inputIndices(expr).map((index) =>
      makeBuffer(padded * 4, STORAGE | COPY_DST, toBits(columns[index], types[index])),
    ),
  ];
  // 'auto' drops the uniforms of no shader: every one reads the size.
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: bound.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const staging = makeBuffer(padded * 4, MAP_READ | COPY_DST);
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(Math.ceil(padded / width / 64));
  pass.end();
  encoder.copyBufferToBuffer(result, 0, staging, 0, padded * 4);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const bytes = staging.getMappedRange().slice(0);
  for (const buffer of buffers) buffer.destroy();
  const values = expr.type === 'float32' ? new Float32Array(bytes) : new Int32Array(bytes);
  return values.subarray(0, length);
}

/** A device of the adapter that this machine has. */
export async function requestDevice(): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error('No WebGPU adapter: run this through tools/with-gpu.mjs.');
  return adapter.requestDevice();
}
