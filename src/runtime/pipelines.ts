/** Compute pipelines by shader text: equal WGSL is one pipeline, whatever its first line says was fused. */
import type { AccessMode, ShaderProgram } from '../fused-kernels/wgsl/kernel-writer';
import type { Validation } from './validation';

export interface CompiledShader {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** What a shader does: its text without the comment in front, which is for those who read it. */
export const codeOf = ({ wgsl }: Pick<ShaderProgram, 'wgsl'>): string =>
  wgsl.replace(/^\/\/.*/, '');

/** What a layout says of a binding. */
const BOUND: Readonly<Record<AccessMode, Omit<GPUBindGroupLayoutEntry, 'binding' | 'visibility'>>> =
  {
    read: { buffer: { type: 'read-only-storage' } },
    read_write: { buffer: { type: 'storage' } },
    texture: { texture: {} },
    external: { externalTexture: {} },
  };

export class PipelineCache {
  private readonly shaders = new Map<string, CompiledShader>();
  /** Compiled without blocking, and not ready yet. */
  private readonly pending = new Map<string, Promise<void>>();
  private readonly layouts = new Map<string, GPUBindGroupLayout>();
  private readonly rejected = new Set<string>();

  constructor(
    private readonly device: GPUDevice,
    private readonly validation: Pick<Validation, 'compile'>,
  ) {}

  /** Number of pipelines compiled so far. */
  get size(): number {
    return this.shaders.size;
  }

  get(program: ShaderProgram, label: string): CompiledShader {
    const code = codeOf(program);
    const known = this.shaders.get(code);
    if (known) return known;
    const layout = this.layoutFor(program);
    const pipeline = this.validation.compile(
      () => this.device.createComputePipeline(this.describe(program, label, layout)),
      () => this.rejected.add(code),
    );
    const shader = { pipeline, layout };
    this.shaders.set(code, shader);
    return shader;
  }

  /** Whether the driver has rejected a shader. */
  isRejected(program: ShaderProgram): boolean {
    return this.rejected.size > 0 && this.rejected.has(codeOf(program));
  }

  /** Whether a shader still has to be compiled. */
  isMissing(program: ShaderProgram): boolean {
    return !this.shaders.has(codeOf(program));
  }

  /** Forgets a shader that is not to be run again. */
  drop(program: ShaderProgram): void {
    this.shaders.delete(codeOf(program));
  }

  /**
   * Compiles a shader without blocking; what is under way already is waited for. A shader that the
   * driver rejects is left to {@link get}, whose caller knows what to do about it.
   */
  compile(program: ShaderProgram, label: string): Promise<void> {
    const code = codeOf(program);
    const known = this.pending.get(code);
    if (known) return known;
    if (this.shaders.has(code)) return Promise.resolve();
    const { device } = this;
    const layout = this.layoutFor(program);
    device.pushErrorScope('validation');
    const descriptor = this.describe(program, label, layout);
    void device.popErrorScope().catch(() => undefined);
    const compiling = device
      .createComputePipelineAsync(descriptor)
      .then(
        (pipeline) => {
          if (!this.shaders.has(code)) this.shaders.set(code, { pipeline, layout });
        },
        () => undefined,
      )
      .finally(() => this.pending.delete(code));
    this.pending.set(code, compiling);
    return compiling;
  }

  private describe(
    program: ShaderProgram,
    label: string,
    layout: GPUBindGroupLayout,
  ): GPUComputePipelineDescriptor {
    const module = this.device.createShaderModule({ code: program.wgsl, label });
    return {
      label,
      layout: this.device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main' },
    };
  }

  private layoutFor(program: ShaderProgram): GPUBindGroupLayout {
    const hasUniforms = program.uniforms.byteLength > 0;
    const accesses = program.bindings.map(({ access }) => access);
    const key = `${hasUniforms}:${accesses.join()}`;
    let layout = this.layouts.get(key);
    if (!layout) {
      const storage = accesses.map((access, i) => ({
        binding: i + 1,
        visibility: GPUShaderStage.COMPUTE,
        ...BOUND[access],
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
