/**
 * The invocations queued since the last flush. Its key says all that a plan for them depends on:
 * signatures, wiring, what comes from outside and, at the end, which values are still wanted.
 */
import { IntSequence, mixHash } from './int-sequence';
import type { External, LazyData, Invocation } from './pending';
import { typeCode, type Signature } from './signature';

let streams = 0;

export class Stream {
  private readonly id = streams++;
  readonly key = new IntSequence();
  /** The same for streams that differ in sizes and attributes only. */
  kind = 0;
  /** Tells apart by the sizes of what comes from outside. */
  sizes = 0;
  readonly invocations: Invocation[] = [];
  readonly externals: External[] = [];
  /** Bytes of all outputs queued. */
  bytes = 0;
  private slots = 0;

  /** Adds an invocation; it holds what it reads. */
  add(signature: Signature, inputs: readonly (LazyData | undefined)[]): Invocation {
    this.key.push(signature.id);
    this.kind = mixHash(this.kind, signature.kind);
    const slots = inputs.map((data) => (data ? this.slotOf(data) : -1));
    for (const data of inputs) if (data) data.lazy.holds++;
    const outputs: LazyData[] = [];
    const invocation = { signature, inputs, slots, outputs, wanted: signature.outputs.length };
    this.invocations.push(invocation);
    return invocation;
  }

  /** Gives an output of the latest invocation its place. */
  addOutput(invocation: Invocation, data: LazyData, bytes: number): void {
    (invocation.outputs as LazyData[]).push(data);
    data.lazy.invocation = invocation;
    data.lazy.stream = this.id;
    data.lazy.slot = this.slots++;
    this.bytes += bytes;
  }

  /** Numbers that were given to values, from outside and computed. */
  get slotCount(): number {
    return this.slots;
  }

  /** Completes the key with what is wanted now. */
  seal(): IntSequence {
    let bits = 1;
    for (const { outputs } of this.invocations) {
      for (const data of outputs) {
        bits = (bits << 1) | (data.refCount > 0 ? 1 : 0);
        if (bits < 0) {
          this.key.push(bits);
          bits = 1;
        }
      }
    }
    this.key.push(bits);
    return this.key;
  }

  private slotOf(data: LazyData): number {
    const { lazy } = data;
    if (lazy.stream !== this.id) {
      lazy.stream = this.id;
      lazy.slot = this.slots++;
      const scalar = scalarValue(data);
      this.externals.push({ data, slot: lazy.slot, scalar });
      const { frame } = data;
      const kind = scalar !== undefined ? -2 : !frame ? -1 : frame.isExternal ? -3 : -4;
      this.key.push(kind);
      this.kind = mixHash(this.kind, kind);
      this.key.push(typeCode(data.dtype) as number);
      if (frame) for (const dim of frame.shape) this.key.push(dim);
      for (const dim of data.shape) this.sizes = mixHash(this.sizes, dim);
    }
    this.key.push(lazy.slot);
    this.kind = mixHash(this.kind, lazy.slot);
    return lazy.slot;
  }
}

function scalarValue({ values, resource }: LazyData): number | undefined {
  const elements = values as ArrayLike<number> | null | undefined;
  return elements?.length === 1 && resource == null ? elements[0] : undefined;
}
