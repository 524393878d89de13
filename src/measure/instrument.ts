/**
 * Counts what backends ask of WebGPU, by watching the API's own classes: it works for any backend
 * in the process. While it is not installed, nothing is wrapped and nothing costs.
 */
import { emptyCounts, type GpuCounts } from './counts';
import { observe, type Restore } from './observe';
import { coveredBytes, storageRanges, type BufferRange } from './ranges';

/** What a compute pass has set. */
interface PassState {
  program: string;
  groups: Map<number, readonly BufferRange[]>;
}

/** Only one may be installed at a time. Install it before the backends make their devices. */
export class GpuInstrument {
  private restores: Restore[] = [];
  private counts = emptyCounts(0);
  private allocatedBytes = 0;
  private readonly alive = new WeakSet<GPUBuffer>();
  private readonly uniforms = new WeakMap<GPUBindGroupLayout, ReadonlySet<number>>();
  private readonly groups = new WeakMap<GPUBindGroup, readonly BufferRange[]>();
  private readonly labels = new WeakMap<GPUComputePipeline, string>();
  private readonly passes = new WeakMap<GPUComputePassEncoder, PassState>();

  /** Wraps the API. Bind groups and buffers made before stay unknown and count as empty. */
  install(): void {
    this.restores = [
      ...this.watchBuffers(),
      ...this.watchPipelines(),
      ...this.watchBindGroups(),
      ...this.watchPasses(),
      ...this.watchQueue(),
    ];
  }

  /** Takes every wrap off. */
  uninstall(): void {
    for (const restore of this.restores.splice(0)) restore();
  }

  /** Counts from zero again. */
  start(): void {
    this.counts = emptyCounts(this.allocatedBytes);
  }

  /** What happened since `start`. */
  read(): GpuCounts {
    return structuredClone(this.counts);
  }

  /** Bytes of the buffers that exist now. */
  get allocated(): number {
    return this.allocatedBytes;
  }

  private watchBuffers(): Restore[] {
    return [
      observe(GPUDevice, 'createBuffer', (_, [{ size }], buffer) => {
        this.alive.add(buffer);
        this.allocatedBytes += size;
        this.counts.buffersCreated++;
        this.counts.bytesCreated += size;
        this.counts.peakBytes = Math.max(this.counts.peakBytes, this.allocatedBytes);
      }),
      observe(GPUBuffer, 'destroy', (buffer) => {
        if (this.alive.delete(buffer)) this.allocatedBytes -= buffer.size;
      }),
    ];
  }

  private watchPipelines(): Restore[] {
    const created = (pipeline: GPUComputePipeline, label: string | undefined): void => {
      this.counts.pipelines++;
      this.labels.set(pipeline, label || 'unlabelled');
    };
    return [
      observe(GPUDevice, 'createComputePipeline', (_, [{ label }], pipeline) => {
        created(pipeline, label);
      }),
      observe(GPUDevice, 'createComputePipelineAsync', (_, [{ label }], promise) => {
        const ignoreFailure = (): void => undefined;
        promise.then((pipeline) => created(pipeline, label), ignoreFailure);
      }),
    ];
  }

  private watchBindGroups(): Restore[] {
    return [
      observe(GPUDevice, 'createBindGroupLayout', (_, [{ entries }], layout) => {
        const uniforms = [...entries].filter(({ buffer }) => isUniformLayout(buffer));
        this.uniforms.set(layout, new Set(uniforms.map(({ binding }) => binding)));
      }),
      observe(GPUDevice, 'createBindGroup', (_, [{ layout, entries }], group) => {
        this.counts.bindGroups++;
        this.groups.set(group, storageRanges(entries, this.uniforms.get(layout)));
      }),
    ];
  }

  private watchPasses(): Restore[] {
    const dispatched = (pass: GPUComputePassEncoder): void => this.countDispatch(pass);
    return [
      observe(GPUCommandEncoder, 'beginComputePass', (_, __, pass) => {
        this.counts.passes++;
        this.passes.set(pass, { program: 'unlabelled', groups: new Map() });
      }),
      observe(GPUComputePassEncoder, 'setPipeline', (pass, [pipeline]) => {
        const state = this.passes.get(pass);
        if (state) state.program = this.labels.get(pipeline) ?? 'unlabelled';
      }),
      observe(GPUComputePassEncoder, 'setBindGroup', (pass, [index, group]) => {
        const ranges = group ? (this.groups.get(group) ?? []) : [];
        this.passes.get(pass)?.groups.set(index, ranges);
      }),
      observe(GPUComputePassEncoder, 'dispatchWorkgroups', dispatched),
      observe(GPUComputePassEncoder, 'dispatchWorkgroupsIndirect', dispatched),
    ];
  }

  private watchQueue(): Restore[] {
    return [
      observe(GPUQueue, 'submit', () => {
        this.counts.submits++;
      }),
      observe(GPUQueue, 'writeBuffer', (_, [buffer, , data, , size]) => {
        this.counts.bufferWrites++;
        if (buffer.usage & GPUBufferUsage.UNIFORM) this.counts.uniformWrites++;
        this.counts.bytesWritten += size ?? data.byteLength;
      }),
      observe(GPUCommandEncoder, 'copyBufferToBuffer', (_, args: readonly unknown[]) => {
        this.countCopy(args);
      }),
    ];
  }

  private countDispatch(pass: GPUComputePassEncoder): void {
    this.counts.dispatches++;
    const state = this.passes.get(pass);
    if (!state) return;
    const bytes = coveredBytes([...state.groups.values()].flat());
    this.counts.trafficBytes += bytes;
    const program = (this.counts.programs[state.program] ??= { dispatches: 0, trafficBytes: 0 });
    program.dispatches++;
    program.trafficBytes += bytes;
  }

  /** The API has a short form, `(source, destination, size?)`, and a long one with two offsets. */
  private countCopy(args: readonly unknown[]): void {
    const source = args[0] as GPUBuffer;
    const long = typeof args[1] === 'number';
    const destination = args[long ? 2 : 1] as GPUBuffer;
    const transfers = GPUBufferUsage.MAP_READ | GPUBufferUsage.MAP_WRITE;
    if ((source.usage | destination.usage) & transfers) return;
    this.counts.copies++;
    this.counts.trafficBytes += 2 * ((args[long ? 4 : 2] as number | undefined) ?? source.size);
  }
}

/** A buffer binding is a uniform when its layout says nothing else. */
function isUniformLayout(buffer: GPUBufferBindingLayout | undefined): boolean {
  return buffer !== undefined && (buffer.type ?? 'uniform') === 'uniform';
}
