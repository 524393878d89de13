/** Compute pipelines by shader text: equal WGSL is one pipeline. */
import type { ShaderProgram } from '../../fused-kernels/wgsl/kernel-writer';

export interface CompiledShader {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

export class PipelineCache {
  private readonly shaders = new Map<string, CompiledShader>();
  private readonly layouts = new Map<string, GPUBindGroupLayout>();

  constructor(private readonly device: GPUDevice) {}

  /** Number of pipelines compiled so far. */
  get size(): number {
    return this.shaders.size;
  }

  get(program: ShaderProgram, label: string): CompiledShader {
    const known = this.shaders.get(program.wgsl);
    if (known) return known;
    const layout = this.layoutFor(program);
    const module = this.device.createShaderModule({ code: program.wgsl, label });
    const pipeline = this.device.createComputePipeline({
      label,
      layout: this.device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main' },
    });
    const shader = { pipeline, layout };
    this.shaders.set(program.wgsl, shader);
    return shader;
  }

  private layoutFor(program: ShaderProgram): GPUBindGroupLayout {
    const hasUniforms = program.uniforms.byteLength > 0;
    const types: GPUBufferBindingType[] = program.bindings.map(({ access }) =>
      access === 'read' ? 'read-only-storage' : 'storage',
    );
    const key = `${hasUniforms}:${types.join()}`;
    let layout = this.layouts.get(key);
    if (!layout) {
      const storage = types.map((type, i) => ({
        binding: i + 1,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type },
      }));
      const uniform = { binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: {} };
      layout = this.device.createBindGroupLayout({
        entries: hasUniforms ? [uniform, ...storage] : storage,
      });
      this.layouts.set(key, layout);
    }
    return layout;
  }
}
