/** Repeats recorded dispatches on buffers of its own, each time on other copies of what is read. */
import type { Binding, RecordedDispatch } from './recorder';

/** Inputs are rotated over this many bytes: more than the last cache of any GPU holds. */
const ROTATED_BYTES = 128 * 2 ** 20;
/** More copies than that of small inputs would cost more than they show: models keep those in caches. */
const MAX_COPIES = 12;

interface Step {
  readonly pipeline: GPUComputePipeline;
  readonly workgroups: readonly [number, number, number];
  /** One for each copy of the inputs. */
  readonly groups: readonly GPUBindGroup[];
}

/** A call's dispatches, to be encoded as often as needed. */
export class Replay {
  private next = 0;

  private constructor(
    private readonly steps: readonly Step[],
    private readonly copies: number,
    private readonly buffers: readonly GPUBuffer[],
  ) {}

  /** Copies every buffer that the dispatches bind, as it is now. */
  static of(device: GPUDevice, dispatches: readonly RecordedDispatch[]): Replay {
    const bound = dispatches.flatMap(({ bindings }) => bindings);
    const written = new Set(bound.filter(({ isWritten }) => isWritten).map(({ buffer }) => buffer));
    const isRotated = ({ buffer }: Binding): boolean =>
      !written.has(buffer) && (buffer.usage & GPUBufferUsage.STORAGE) !== 0;
    const rotated = new Set(bound.filter(isRotated).map(({ buffer }) => buffer));
    const bytes = [...rotated].reduce((sum, { size }) => sum + size, 0);
    const wanted = Math.ceil(ROTATED_BYTES / Math.max(1, bytes));
    const copies = rotated.size === 0 ? 1 : Math.min(MAX_COPIES, Math.max(2, wanted));

    const copied = new Map<GPUBuffer, GPUBuffer[]>();
    const encoder = device.createCommandEncoder();
    for (const buffer of new Set(bound.map((binding) => binding.buffer))) {
      const count = rotated.has(buffer) ? copies : 1;
      copied.set(
        buffer,
        Array.from({ length: count }, () => copyOf(device, encoder, buffer)),
      );
    }
    device.queue.submit([encoder.finish()]);
    const steps = dispatches.map(({ pipeline, layout, bindings, workgroups }): Step => {
      const groups = Array.from({ length: copies }, (_, copy) =>
        device.createBindGroup({
          layout,
          entries: bindings.map(({ binding, buffer, offset, size }) => {
            const own = copied.get(buffer) as GPUBuffer[];
            return { binding, resource: { buffer: own[copy % own.length], offset, size } };
          }),
        }),
      );
      return { pipeline, workgroups, groups };
    });
    return new Replay(steps, copies, [...copied.values()].flat());
  }

  /** How many dispatches a repetition is. */
  get length(): number {
    return this.steps.length;
  }

  encode(pass: GPUComputePassEncoder, repetitions: number): void {
    for (let i = 0; i < repetitions; i++) {
      const copy = this.next;
      this.next = (copy + 1) % this.copies;
      for (const { pipeline, groups, workgroups } of this.steps) {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, groups[copy]);
        pass.dispatchWorkgroups(...workgroups);
      }
    }
  }

  dispose(): void {
    for (const buffer of this.buffers) buffer.destroy();
  }
}

function copyOf(device: GPUDevice, encoder: GPUCommandEncoder, buffer: GPUBuffer): GPUBuffer {
  const { size, usage } = buffer;
  const copy = device.createBuffer({ size, usage: usage | GPUBufferUsage.COPY_DST });
  encoder.copyBufferToBuffer(buffer, 0, copy, 0, size);
  return copy;
}
