/**
 * Shares memory between intermediates whose lifetimes do not overlap.
 *
 * Greedy by size, as in Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net
 * Inference" (2020): largest first, into the buffer that fits best. Buffers are shared whole, so a
 * dispatch can never read and write one buffer, which WebGPU forbids: whatever it touches is alive.
 */
import { byteSize } from '../../fused-kernels/wgsl/kernel-writer';
import type { Value } from '../../ir/graph';

/** First and last dispatch that touch a value. */
export interface Lifetime {
  readonly value: Value;
  readonly first: number;
  readonly last: number;
}

export interface BufferPlan {
  /** Bytes of every shared buffer. */
  readonly sizes: readonly number[];
  /** Which shared buffer an intermediate lives in. */
  readonly slotOf: ReadonlyMap<Value, number>;
  /** The largest sum of bytes alive at once: what no plan can go below. */
  readonly lowerBound: number;
}

/** Lifetimes of the values for which `isIntermediate`, from what each dispatch binds. */
export function lifetimesOf(
  bound: readonly (readonly Value[])[],
  isIntermediate: (value: Value) => boolean,
): Lifetime[] {
  const found = new Map<Value, { first: number; last: number }>();
  bound.forEach((values, index) => {
    for (const value of values) {
      if (!isIntermediate(value)) continue;
      const known = found.get(value);
      if (known) known.last = index;
      else found.set(value, { first: index, last: index });
    }
  });
  return [...found].map(([value, { first, last }]) => ({ value, first, last }));
}

export function planBuffers(lifetimes: readonly Lifetime[]): BufferPlan {
  const slots: { size: number; users: Lifetime[] }[] = [];
  const slotOf = new Map<Value, number>();
  const bySize = [...lifetimes].sort(
    (a, b) => byteSize(b.value) - byteSize(a.value) || a.first - b.first,
  );
  for (const lifetime of bySize) {
    // Sorted by size, so every slot is large enough: the smallest free one wastes least.
    let best = -1;
    slots.forEach((slot, index) => {
      const free = slot.users.every(
        (user) => user.last < lifetime.first || lifetime.last < user.first,
      );
      if (free && (best < 0 || slot.size < slots[best].size)) best = index;
    });
    if (best < 0) {
      best = slots.length;
      slots.push({ size: byteSize(lifetime.value), users: [] });
    }
    slots[best].users.push(lifetime);
    slotOf.set(lifetime.value, best);
  }
  return { sizes: slots.map((slot) => slot.size), slotOf, lowerBound: peakBytes(lifetimes) };
}

function peakBytes(lifetimes: readonly Lifetime[]): number {
  const changes = new Map<number, number>();
  for (const { value, first, last } of lifetimes) {
    changes.set(first, (changes.get(first) ?? 0) + byteSize(value));
    changes.set(last + 1, (changes.get(last + 1) ?? 0) - byteSize(value));
  }
  let live = 0;
  let peak = 0;
  for (const at of [...changes.keys()].sort((a, b) => a - b)) {
    live += changes.get(at) as number;
    peak = Math.max(peak, live);
  }
  return peak;
}
