/**
 * What WebGPU alone takes for a warm call: a loop over as many dispatches and an upload of as many
 * bytes, without tfjs. No replay can take less, on the machine at hand.
 */
import { DISPATCHES_PER_SUBMIT } from '../../src/compiler/plan';

/** Kernels that take turns, so that each dispatch sets its pipeline, as those of a model do. */
const PIPELINES = 8;

const shader = (index: number): string => `
  @group(0) @binding(0) var<uniform> size: vec4<u32>;
  @group(0) @binding(1) var<storage, read> x: array<f32>;
  @group(0) @binding(2) var<storage, read> weights: array<f32>;
  @group(0) @binding(3) var<storage, read_write> result: array<f32>;
  @compute @workgroup_size(64)
  fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x < size.x) { result[id.x] = x[id.x] * weights[id.x] + ${index}.0; }
  }`;

interface BareStep {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
}

export class BareReplay {
  private readonly steps: readonly BareStep[];
  private readonly input: GPUBuffer;
  private readonly elements: Float32Array<ArrayBuffer>;

  constructor(
    private readonly device: GPUDevice,
    dispatches: number,
    inputBytes: number,
  ) {
    const storage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
    const make = (usage: GPUBufferUsageFlags): GPUBuffer =>
      device.createBuffer({ size: Math.max(1024, inputBytes), usage });
    this.input = make(storage);
    this.elements = new Float32Array(inputBytes / 4);
    const pipelines = Array.from({ length: PIPELINES }, (_, index) =>
      device.createComputePipeline({
        layout: 'auto',
        compute: { module: device.createShaderModule({ code: shader(index) }) },
      }),
    );
    const uniforms = make(GPUBufferUsage.UNIFORM);
    const [weights, ...slabs] = [make(storage), make(storage), make(storage)];
    this.steps = Array.from({ length: dispatches }, (_, at) => {
      const pipeline = pipelines[at % PIPELINES];
      const from = at === 0 ? this.input : slabs[at % 2];
      const buffers = [uniforms, from, weights, slabs[(at + 1) % 2]];
      const entries = buffers.map((buffer, binding) => ({
        binding,
        resource: { buffer, size: 1024 },
      }));
      const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
      return { pipeline, group };
    });
  }

  /** The backend that is active does not matter. */
  activate(): Promise<void> {
    return Promise.resolve();
  }

  async call(): Promise<{ jsMs: number; wallMs: number }> {
    const start = performance.now();
    const { queue } = this.device;
    queue.writeBuffer(this.input, 0, this.elements);
    for (let first = 0; first < this.steps.length; first += DISPATCHES_PER_SUBMIT) {
      const encoder = this.device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      const end = Math.min(first + DISPATCHES_PER_SUBMIT, this.steps.length);
      for (let at = first; at < end; at++) {
        pass.setPipeline(this.steps[at].pipeline);
        pass.setBindGroup(0, this.steps[at].group);
        pass.dispatchWorkgroups(16);
      }
      pass.end();
      queue.submit([encoder.finish()]);
    }
    const jsMs = performance.now() - start;
    await new Promise((resolve) => setImmediate(resolve));
    return { jsMs, wallMs: jsMs };
  }
}
