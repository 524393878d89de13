/** One dispatch of a recorded plan, and the bind groups it has been run with. */
import { isLent, type Bindable } from '../host/frames';
import type { CompiledShader } from './pipelines';

/** Where the buffer of a binding comes from at run time. */
export type Source =
  | { readonly kind: 'fixed'; readonly buffer: GPUBuffer; readonly offset: number }
  | { readonly kind: 'input' | 'output'; readonly index: number };

/**
 * Bind groups kept for one dispatch: apps that make the tensor of the next frame before they
 * dispose of the last one's alternate between buffers.
 */
const MAX_GROUPS = 4;

interface KnownGroup {
  readonly buffers: readonly Bindable[];
  readonly group: GPUBindGroup;
}

/** A binding: bytes of a buffer. */
export interface BoundSource {
  readonly source: Source;
  readonly size: number;
}

export interface StepDescription {
  readonly label: string;
  readonly shader: CompiledShader;
  readonly workgroups: readonly [number, number, number];
  /** By number of the binding; undefined where there is none. */
  readonly bindings: readonly (BoundSource | undefined)[];
}

export class Step {
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /** The bind group, where no binding changes between runs. */
  readonly fixed: GPUBindGroup | null;
  /** Bindings that change. */
  private readonly open: readonly Extract<Source, { index: number }>[];
  private readonly known: KnownGroup[] = [];

  constructor(
    private readonly device: GPUDevice,
    private readonly description: StepDescription,
  ) {
    this.label = description.label;
    this.pipeline = description.shader.pipeline;
    [this.x, this.y, this.z] = description.workgroups;
    this.open = description.bindings.flatMap((bound) =>
      !bound || bound.source.kind === 'fixed' ? [] : [bound.source],
    );
    this.fixed = this.open.length === 0 ? this.makeGroup([]) : null;
  }

  /** The bind group for these inputs and outputs of the plan. */
  bind(inputs: readonly Bindable[], outputs: readonly GPUBuffer[]): GPUBindGroup {
    if (this.fixed) return this.fixed;
    const { open, known } = this;
    search: for (const { buffers, group } of known) {
      for (let i = 0; i < open.length; i++) {
        const { kind, index } = open[i];
        if (buffers[i] !== (kind === 'input' ? inputs : outputs)[index]) continue search;
      }
      return group;
    }
    const buffers = open.map(({ kind, index }) => (kind === 'input' ? inputs : outputs)[index]);
    const group = this.makeGroup(buffers);
    // An image of the browser's comes once, and the group would keep it alive.
    if (buffers.some(isLent)) return group;
    known.unshift({ buffers, group });
    if (known.length > MAX_GROUPS) known.pop();
    return group;
  }

  private makeGroup(buffers: readonly Bindable[]): GPUBindGroup {
    const { label, shader, bindings } = this.description;
    let next = 0;
    const entries = bindings.flatMap((bound, binding) => {
      if (!bound) return [];
      const { source, size } = bound;
      const resource =
        source.kind === 'fixed'
          ? { buffer: source.buffer, offset: source.offset, size }
          : resourceOf(buffers[next++], size);
      return [{ binding, resource }];
    });
    return this.device.createBindGroup({ label, layout: shader.layout, entries });
  }
}

function resourceOf(given: Bindable, size: number): GPUBindingResource {
  if (given instanceof GPUBuffer) return { buffer: given, offset: 0, size };
  return given instanceof GPUTexture ? given.createView() : given;
}
