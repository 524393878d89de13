/** Records the dispatches of a call, whichever backend makes them, so that they can be repeated. */
import { observe, type Restore } from '../../src/measure/observe';

/** A range of a buffer that a dispatch binds. */
export interface Binding {
  readonly binding: number;
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
  /** Whether the shader may write it. */
  readonly isWritten: boolean;
}

/** One dispatch, as it was encoded. */
export interface RecordedDispatch {
  readonly label: string;
  readonly wgsl: string;
  readonly entryPoint: string | undefined;
  readonly constants: Record<string, number> | undefined;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly bindings: readonly Binding[];
  readonly workgroups: readonly [x: number, y: number, z: number];
}

interface Pipeline extends Pick<RecordedDispatch, 'label' | 'wgsl' | 'entryPoint' | 'constants'> {
  /** Bindings that are declared `read_write`. */
  readonly written: ReadonlySet<number>;
}

interface Group {
  readonly layout: GPUBindGroupLayout;
  readonly entries: readonly Omit<Binding, 'isWritten'>[];
}

interface Pass {
  pipeline?: GPUComputePipeline;
  group?: Group;
}

/** Watches the API of this process from {@link install} on; pipelines made before are unknown. */
export class DispatchRecorder {
  private readonly modules = new WeakMap<GPUShaderModule, string>();
  private readonly pipelines = new WeakMap<GPUComputePipeline, Pipeline>();
  private readonly groups = new WeakMap<GPUBindGroup, Group>();
  private readonly passes = new WeakMap<GPUComputePassEncoder, Pass>();
  private recorded: RecordedDispatch[] | null = null;

  install(): Restore {
    const restores = [
      makeBuffersReadable(),
      observe(GPUDevice, 'createShaderModule', (_, [{ code }], module) => {
        this.modules.set(module, code);
      }),
      observe(GPUDevice, 'createComputePipeline', (_, [descriptor], pipeline) => {
        this.addPipeline(pipeline, descriptor);
      }),
      observe(GPUDevice, 'createComputePipelineAsync', (_, [descriptor], promise) => {
        void promise.then(
          (pipeline) => this.addPipeline(pipeline, descriptor),
          () => undefined,
        );
      }),
      observe(GPUDevice, 'createBindGroup', (_, [{ layout, entries }], group) => {
        this.groups.set(group, { layout, entries: [...entries].map(rangeOf) });
      }),
      observe(GPUComputePassEncoder, 'setPipeline', (pass, [pipeline]) => {
        this.passOf(pass).pipeline = pipeline;
      }),
      observe(GPUComputePassEncoder, 'setBindGroup', (pass, [, group]) => {
        if (group) this.passOf(pass).group = this.groups.get(group);
      }),
      observe(GPUComputePassEncoder, 'dispatchWorkgroups', (pass, [x, y = 1, z = 1]) => {
        this.recorded?.push(this.dispatchOf(this.passOf(pass), [x, y, z]));
      }),
    ];
    return () => restores.forEach((restore) => restore());
  }

  /** The dispatches that `call` encodes until it settles. */
  async record(call: () => Promise<unknown>): Promise<RecordedDispatch[]> {
    const recorded: RecordedDispatch[] = (this.recorded = []);
    try {
      await call();
    } finally {
      this.recorded = null;
    }
    return recorded;
  }

  private addPipeline(
    pipeline: GPUComputePipeline,
    { label, compute }: GPUComputePipelineDescriptor,
  ): void {
    const wgsl = this.modules.get(compute.module) ?? '';
    const { entryPoint, constants } = compute;
    const written = writtenBindings(wgsl);
    this.pipelines.set(pipeline, { label: label ?? '', wgsl, entryPoint, constants, written });
  }

  private passOf(encoder: GPUComputePassEncoder): Pass {
    let pass = this.passes.get(encoder);
    if (!pass) this.passes.set(encoder, (pass = {}));
    return pass;
  }

  private dispatchOf(
    { pipeline, group }: Pass,
    workgroups: readonly [number, number, number],
  ): RecordedDispatch {
    const known = pipeline && this.pipelines.get(pipeline);
    if (!known || !group) throw new Error('a dispatch was encoded before recording was installed');
    const { label, wgsl, entryPoint, constants } = known;
    return {
      ...{ label, wgsl, entryPoint, constants },
      pipeline,
      layout: group.layout,
      bindings: group.entries.map((entry) => ({
        ...entry,
        isWritten: known.written.has(entry.binding),
      })),
      workgroups,
    };
  }
}

/** Storage bindings of group 0 that a shader declares as writable. */
function writtenBindings(wgsl: string): Set<number> {
  const declaration = /@binding\((\d+)\)\s*var\s*<\s*storage\s*,\s*read_write\s*>/g;
  return new Set([...wgsl.matchAll(declaration)].map(([, binding]) => Number(binding)));
}

function rangeOf({ binding, resource }: GPUBindGroupEntry): Omit<Binding, 'isWritten'> {
  if (resource instanceof GPUBuffer) {
    return { binding, buffer: resource, offset: 0, size: resource.size };
  }
  if (!('buffer' in resource)) throw new Error('textures and samplers cannot be recorded');
  const { buffer, offset = 0, size = buffer.size - offset } = resource;
  return { binding, buffer, offset, size };
}

/** Buffers that were recorded must be copied, which those of the backends do not all allow. */
function makeBuffersReadable(): Restore {
  const { prototype } = GPUDevice;
  const original = prototype.createBuffer;
  prototype.createBuffer = function (descriptor) {
    const { usage } = descriptor;
    if (usage & (GPUBufferUsage.MAP_READ | GPUBufferUsage.MAP_WRITE)) {
      return original.call(this, descriptor);
    }
    const buffer = original.call(this, { ...descriptor, usage: usage | GPUBufferUsage.COPY_SRC });
    // Stock finds free buffers by the usage that it asked for.
    return Object.defineProperty(buffer, 'usage', { value: usage });
  };
  return () => {
    prototype.createBuffer = original;
  };
}
