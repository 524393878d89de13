/** Ranges of k that kernels of products loop over. */
import type { ProductSpec } from './product-spec';

/** A range of k that one loop goes through, for each tap of a window. */
export interface DepthRange {
  readonly window: readonly { readonly name: string; readonly extent: number }[];
  readonly begin: number;
  readonly depth: number;
}

/** Elements of k that a tap counts: those of whole vectors, the last of which may have gaps. */
const paddedDepth = (depth: number): number => 4 * Math.ceil(depth / 4);

/** Terms of a loop; taps of a window are made of whole vectors. */
export function termsOfRange({ window, depth }: DepthRange): number {
  const taps = window.reduce((product, { extent }) => product * extent, 1);
  return window.length > 0 ? taps * paddedDepth(depth) : depth;
}

/** What the terms of a loop are counted through: the window, and k of each tap. */
export function shapeOfRange({ window, depth }: DepthRange): number[] {
  return [...window.map(({ extent }) => extent), window.length > 0 ? paddedDepth(depth) : depth];
}

/** Loops over k: one, or one for each buffer that A comes from. */
export function rangesOf({ window, depth, splits = [], parts = 1 }: ProductSpec): DepthRange[] {
  const bounds = [0, ...(parts > 1 ? [] : splits), depth];
  return bounds.slice(1).map((end, i) => ({
    window,
    begin: bounds[i],
    depth: end - bounds[i],
  }));
}
