/**
 * Which intermediate of a plan lives where: a few slabs, shared by values whose lifetimes do not
 * overlap. WebGPU forbids a dispatch to bind one buffer for reading and for writing, even at
 * disjoint ranges; so a slab never holds both what a dispatch reads and what it writes. Pure.
 */
import { byteSize, type Binding } from '../fused-kernels/wgsl/kernel-writer';
import type { Value } from '../ir/graph';
import { runSteps, type Steps } from '../ir/steps';
import { ALIGNMENT, type Placement, slabSteps } from './slabs';

/** A value that a dispatch binds. */
export type Access = Pick<Binding, 'value' | 'access'>;

/** First and last dispatch that touch a value. */
export interface Lifetime {
  readonly value: Value;
  readonly first: number;
  readonly last: number;
}

export interface BufferPlan {
  /** Bytes of every slab. */
  readonly slabs: readonly number[];
  readonly placements: ReadonlyMap<Value, Placement>;
  /** The largest sum of bytes alive at once: what no plan can go below. */
  readonly lowerBound: number;
}

/** Lays out the memory of the values for which `isIntermediate`. */
export function planBuffers(
  dispatches: readonly (readonly Access[])[],
  isIntermediate: (value: Value) => boolean,
): BufferPlan {
  return runSteps(bufferSteps(dispatches, isIntermediate));
}

/**
 * As {@link planBuffers}, pausing between layouts.
 * @param maxVariations of the layout that are tried, where there is not time for all.
 */
export function* bufferSteps(
  dispatches: readonly (readonly Access[])[],
  isIntermediate: (value: Value) => boolean,
  maxVariations?: number,
): Steps<BufferPlan> {
  const lifetimes = lifetimesOf(dispatches, isIntermediate);
  const items = lifetimes.map(({ value, first, last }) => ({
    size: byteSize(value),
    first,
    last,
  }));
  const index = new Map(lifetimes.map(({ value }, at) => [value, at]));
  const { slabs, placements } = yield* slabSteps(
    items,
    conflictsOf(dispatches, index),
    [],
    maxVariations,
  );
  return {
    slabs,
    placements: new Map(lifetimes.map(({ value }, at) => [value, placements[at]])),
    lowerBound: peakBytes(lifetimes),
  };
}

/** Lifetimes of the values for which `isIntermediate`, from what each dispatch binds. */
export function lifetimesOf(
  dispatches: readonly (readonly Access[])[],
  isIntermediate: (value: Value) => boolean,
): Lifetime[] {
  const found = new Map<Value, { first: number; last: number }>();
  dispatches.forEach((accesses, index) => {
    for (const { value } of accesses) {
      if (!isIntermediate(value)) continue;
      const known = found.get(value);
      if (known) known.last = index;
      else found.set(value, { first: index, last: index });
    }
  });
  return [...found].map(([value, { first, last }]) => ({ value, first, last }));
}

/** For each value, by its position in `index`, those that one dispatch writes as it reads it, or v.v. */
function conflictsOf(
  dispatches: readonly (readonly Access[])[],
  index: ReadonlyMap<Value, number>,
): Set<number>[] {
  const conflicts = Array.from(index, () => new Set<number>());
  for (const accesses of dispatches) {
    const placed = accesses.flatMap(({ value, access }) => {
      const at = index.get(value);
      return at === undefined ? [] : [{ at, access }];
    });
    for (const a of placed) {
      for (const b of placed) if (a.access !== b.access) conflicts[a.at].add(b.at);
    }
  }
  return conflicts;
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

/**
 * Checks a memory plan against what the dispatches bind.
 * @throws Error if a value lies outside of its slab or off the alignment, if two values share
 *   bytes while both are alive, or if a dispatch would read and write one slab.
 */
export function checkBuffers(
  { slabs, placements }: BufferPlan,
  dispatches: readonly (readonly Access[])[],
): void {
  const fail = (what: string): never => {
    throw new Error(`[webgpu-fused] memory plan: ${what}.`);
  };
  const placed = lifetimesOf(dispatches, (value) => placements.has(value)).map((lifetime) => {
    const { slab, offset } = placements.get(lifetime.value) as Placement;
    return { ...lifetime, slab, offset, end: offset + byteSize(lifetime.value) };
  });
  placed.forEach((a, at) => {
    const { name } = a.value;
    if (a.offset % ALIGNMENT !== 0) fail(`got offset ${a.offset} of ${name}, not aligned`);
    if (!(a.end <= slabs[a.slab])) fail(`got ${name} beyond the end of slab ${a.slab}`);
    for (const b of placed.slice(at + 1)) {
      const isShared = a.slab === b.slab && a.offset < b.end && b.offset < a.end;
      if (isShared && a.first <= b.last && b.first <= a.last) {
        fail(`got ${name} and ${b.value.name} in the same bytes at the same time`);
      }
    }
  });
  dispatches.forEach((accesses, at) => {
    const slabsOf = (wanted: Access['access']): (number | undefined)[] =>
      accesses.flatMap(({ value, access }) =>
        access === wanted ? [placements.get(value)?.slab] : [],
      );
    const written = new Set(slabsOf('read_write'));
    const both = slabsOf('read').find((slab) => slab !== undefined && written.has(slab));
    if (both !== undefined) fail(`got dispatch ${at} that reads and writes slab ${both}`);
  });
}
