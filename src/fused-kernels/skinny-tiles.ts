/**
 * How products of a few rows are divided. They are bound by reading B, once: what counts is that
 * enough invocations read at a time, whose loads are contiguous.
 */
import { chooseCandidate, shapeClass, type Candidate } from './candidates';
import type { ProductShape } from './product-tiles';
import type { KernelTarget } from './target';

/** What a workgroup computes: `rows` rows of `vectors` neighbouring vectors of columns. */
export interface SkinnyChoice extends Candidate {
  readonly rows: number;
  /** Vectors of columns side by side; single columns where rows of B are no whole vectors. */
  readonly vectors: number;
  /** Invocations that share a sum. */
  readonly slices: number;
  /** Workgroups that share a sum ("split k"). */
  readonly parts: number;
}

/** Below this depth there is too little to share. */
const MIN_DEPTH = 128;
/** Rows of an invocation, at most: more sums than this leave too few registers for loads. */
const MAX_ROWS = 8;
/** Turns that the loop over k is worth. */
const MIN_STEPS = 4;
/** Slices of a workgroup, the best first; that of an adapter without workgroup memory is the last. */
const SLICES = [64, 32, 16, 8];
/** More than this many invocations only where each has so few rows. */
const LARGE_SLICES = 64;
const MAX_ROWS_OF_LARGE = 2;
/** Invocations that read as fast as a device can whose `busyWorkgroups` are 256, an NVIDIA H200. */
const BUSY_INVOCATIONS = 65536;
const REFERENCE_WORKGROUPS = 256;
/** A sum of fewer parts costs more than it wins. */
const MIN_PARTS = 3;
const MAX_PARTS = 8;

/** True if a product has so few rows that sharing its depth fills the device better. */
export function isSkinny(shape: ProductShape, target: KernelTarget): boolean {
  const { batch, rows, columns, depth, taps } = shape;
  return (
    taps === 1 &&
    rows <= target.maxSplitRows &&
    depth >= MIN_DEPTH &&
    (batch * rows * columns) / 4 < target.busyInvocations
  );
}

/** Bytes of workgroup memory: half of the slices leave their sums there. */
const bytesOf = (slices: number, vectors: number, rows: number, shape: ProductShape): number =>
  (slices / 2) * vectors * rows * (shape.columns % 4 === 0 ? 16 : 4) * (shape.pair ? 2 : 1);

/** Every choice that is legal, the one that is thought best first. */
export function rankSkinny(shape: ProductShape, target: KernelTarget): SkinnyChoice[] {
  const { batch, rows: allRows, columns, depth } = shape;
  const packed = columns % 4 === 0;
  const vectors = packed ? 8 : 32;
  const most = Math.min(allRows, MAX_ROWS);
  // Of many sizes, three numbers of rows are enough.
  const rows = target.anySize ? 2 ** Math.ceil(Math.log2(most)) : most;
  const steps = Math.ceil(depth / 4);
  const tiles = batch * Math.ceil(allRows / rows) * Math.ceil(columns / (packed ? 4 : 1) / vectors);
  const legal = SLICES.filter(
    (slices) =>
      slices * vectors <= target.maxInvocations &&
      (slices < LARGE_SLICES || rows <= MAX_ROWS_OF_LARGE) &&
      bytesOf(slices, vectors, rows, shape) <= target.workgroupMemory &&
      (target.stagesTiles || slices === SLICES.at(-1)),
  );
  const deep = legal.filter((slices) => steps / slices >= MIN_STEPS);
  const choices = (deep.length > 0 ? deep : legal.slice(-1)).flatMap((slices) => {
    const busy = (BUSY_INVOCATIONS * target.busyWorkgroups) / REFERENCE_WORKGROUPS;
    const wanted = Math.ceil(busy / (tiles * slices * vectors));
    const most = Math.floor(steps / slices / MIN_STEPS);
    const parts = shape.pair ? 1 : Math.min(MAX_PARTS, wanted, most);
    const one = { name: `${rows}x${vectors} s${slices}`, rows, vectors, slices, parts: 1 };
    const divided = { ...one, name: `${one.name} z${parts}`, parts };
    return parts < MIN_PARTS || !target.stagesTiles ? [one] : [divided, one];
  });
  return choices;
}

/** The choice for a product that is {@link isSkinny}. */
export function chooseSkinny(shape: ProductShape, target: KernelTarget): SkinnyChoice {
  const { batch, rows, columns, depth, pair } = shape;
  const sizes = { batch, rows, columns, depth, products: pair ? 2 : 1 };
  return chooseCandidate(target, 'skinny-product', shapeClass(sizes), rankSkinny(shape, target));
}
