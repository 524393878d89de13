/**
 * Places items that live for a while on slabs of memory, as few bytes as it can find.
 *
 * Greedy, as in Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference"
 * (2020): one item after the other, where it makes the slabs grow least. Which order is best
 * depends on the graph, so several are tried, and the best of those is varied at random (with a
 * fixed seed: the same graph always has the same plan). Pure.
 */
import { runSteps, type Steps } from '../ir/steps';

/** Where something lives. */
export interface Placement {
  readonly slab: number;
  /** In bytes. */
  readonly offset: number;
}

/** Offsets of storage bindings are multiples of this on every device. */
export const ALIGNMENT = 256;

/** Memory that is needed from the first to the last dispatch named, both included. */
export interface SlabItem {
  readonly size: number;
  readonly first: number;
  readonly last: number;
}

/** A slab that exists already, and cannot grow; it is somebody else's now and then. */
export interface ReservedSlab {
  readonly size: number;
  /** Dispatches while which nothing else may be on it. */
  readonly busy: readonly { readonly first: number; readonly last: number }[];
}

export interface SlabLayout {
  /** Bytes of every slab, those that existed first. */
  readonly slabs: readonly number[];
  /** One for each item. */
  readonly placements: readonly Placement[];
}

/** Slabs grow no further than the smallest buffer size that every device has. */
const MAX_SLAB = 2 ** 28;

/** Variations of the best order that are tried, times the number of items. */
const EFFORT = 10_000;
const MAX_VARIATIONS = 200;
/** A layout this close to what is possible at all is good enough. */
const GOOD = 1.05;

/**
 * Places `items`.
 * @param conflicts for each item, those that must not be on its slab, each of which names it as well.
 * @param reserved slabs that may be used besides new ones.
 * @param maxVariations of the best order, which are tried one after the other.
 */
export function placeOnSlabs(
  items: readonly SlabItem[],
  conflicts: readonly ReadonlySet<number>[],
  reserved?: readonly ReservedSlab[],
  maxVariations?: number,
): SlabLayout {
  return runSteps(slabSteps(items, conflicts, reserved, maxVariations));
}

/** As {@link placeOnSlabs}, pausing between layouts. */
export function* slabSteps(
  items: readonly SlabItem[],
  conflicts: readonly ReadonlySet<number>[],
  reserved: readonly ReservedSlab[] = [],
  maxVariations = MAX_VARIATIONS,
): Steps<SlabLayout> {
  let best: (SlabLayout & { bytes: number; order: number[] }) | undefined;
  const attempt = (order: number[]): void => {
    const layout = place(items, conflicts, reserved, order, best?.bytes);
    if (layout && (!best || layout.bytes < best.bytes)) best = { ...layout, order };
  };
  for (const compare of ORDERS) {
    yield;
    attempt([...items.keys()].sort((a, b) => compare(items[a], items[b]) || a - b));
  }
  const random = generator(items.length);
  const variations = Math.min(maxVariations, Math.floor(EFFORT / (items.length + 1)));
  const goal = GOOD * lowerBound(items);
  for (let count = 0; count < variations && best && best.bytes > goal; count++) {
    const order = [...best.order];
    const from = Math.floor(random() * order.length);
    // Big items matter most, and they come first: vary the front more than the rest.
    const to = Math.floor(random() ** 2 * order.length);
    order.splice(to, 0, ...order.splice(from, 1));
    yield;
    attempt(order);
  }
  return best as SlabLayout;
}

const duration = ({ first, last }: SlabItem): number => last - first + 1;

const ORDERS: readonly ((a: SlabItem, b: SlabItem) => number)[] = [
  (a, b) => b.size - a.size || a.first - b.first,
  (a, b) => b.size - a.size || duration(b) - duration(a),
  (a, b) => b.size * duration(b) - a.size * duration(a),
  (a, b) => a.first - b.first || b.size - a.size,
];

interface GrowingSlab extends ReservedSlab {
  size: number;
  readonly limit: number;
  /** What lives on it, by offset. */
  readonly members: number[];
  /** By item: whether something lives here that it must not be together with. */
  readonly isBarred: Uint8Array;
}

type SlabSpan = Pick<SlabItem, 'first' | 'last'>;

const overlaps = (a: SlabSpan, b: SlabSpan): boolean => a.first <= b.last && b.first <= a.last;

/**
 * Places items in an order, each where the slabs grow least.
 * @param limit bytes of new slabs; undefined is answered as soon as there are so many.
 */
function place(
  items: readonly SlabItem[],
  conflicts: readonly ReadonlySet<number>[],
  reserved: readonly ReservedSlab[],
  order: readonly number[],
  limit = Infinity,
): (SlabLayout & { readonly bytes: number }) | undefined {
  const slabs: GrowingSlab[] = reserved.map(({ size, busy }) => ({
    size,
    limit: size,
    busy,
    members: [],
    isBarred: new Uint8Array(items.length),
  }));
  const placements = new Array<Placement>(items.length);
  let bytes = 0;
  for (const index of order) {
    const item = items[index];
    const { size } = item;
    let found: { slab: number; offset: number; growth: number; waste: number } | undefined;
    for (let slab = 0; slab < slabs.length; slab++) {
      const { size: slabSize, limit: room, busy, members, isBarred } = slabs[slab];
      if (isBarred[index] === 1 || busy.some((other) => overlaps(item, other))) continue;
      const { offset, waste } = findGap(items, placements, members, item);
      const end = offset + size;
      if (end > Math.max(slabSize, room)) continue;
      const growth = Math.max(0, end - slabSize);
      const isBetter =
        !found || growth < found.growth || (growth === found.growth && waste < found.waste);
      if (isBetter) found = { slab, offset, growth, waste };
    }
    if (!found || found.growth > size) {
      found = { slab: slabs.length, offset: 0, growth: size, waste: 0 };
      const isBarred = new Uint8Array(items.length);
      slabs.push({ size: 0, limit: MAX_SLAB, busy: [], members: [], isBarred });
    }
    const { slab, offset } = found;
    placements[index] = { slab, offset };
    settle(slabs[slab], index, placements, conflicts);
    if (offset + size > slabs[slab].size) {
      const grown = align(offset + size);
      if (slab >= reserved.length) bytes += grown - slabs[slab].size;
      if (bytes >= limit) return undefined;
      slabs[slab].size = grown;
    }
  }
  return { slabs: slabs.map((slab) => slab.size), placements, bytes };
}

/** Makes a placed item a member of its slab. */
function settle(
  { members, isBarred }: GrowingSlab,
  index: number,
  placements: readonly Placement[],
  conflicts: readonly ReadonlySet<number>[],
): void {
  const { offset } = placements[index];
  let at = members.length;
  while (at > 0 && placements[members[at - 1]].offset > offset) at--;
  members.splice(at, 0, index);
  for (const other of conflicts[index]) isBarred[other] = 1;
}

/**
 * The tightest gap of a slab that an item fits into while it lives; else the end of what is used.
 * @param members in the order of their offsets.
 */
function findGap(
  items: readonly SlabItem[],
  placements: readonly Placement[],
  members: readonly number[],
  { size, first, last }: SlabItem,
): { offset: number; waste: number } {
  let free = 0;
  let best = -1;
  let least = Infinity;
  for (const member of members) {
    const other = items[member];
    // Said here and not by a function: this is asked some ten thousand times for a model.
    if (other.first > last || first > other.last) continue;
    const { offset } = placements[member];
    const waste = offset - free - size;
    if (waste >= 0 && waste < least) {
      best = free;
      least = waste;
    }
    const end = align(offset + other.size);
    if (end > free) free = end;
  }
  // At the end a slab may be longer already; that room is as good as a gap.
  return best >= 0 ? { offset: best, waste: least } : { offset: free, waste: 0 };
}

function lowerBound(items: readonly SlabItem[]): number {
  let peak = 0;
  for (const { first } of items) {
    let live = 0;
    for (const item of items) if (item.first <= first && first <= item.last) live += item.size;
    peak = Math.max(peak, live);
  }
  return peak;
}

function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** Random numbers, the same ones for the same seed (a linear congruential generator). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
