/** What a product multiplies, said once for all kernels that compute products. */
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import type { KernelEmission } from './emit';
import type { ProductShape } from './product-tiles';
import { canMiss, type Bounds, type Operand } from './wgsl/inliner';

/**
 * One product `C[batch, row, column] = Σ A[batch, row, …window, k] · B[batch, …window, k, column]`.
 *
 * A family plugs in by describing its product: `generateProduct(request, describe)` does the rest.
 * The operands are functions of index expressions, and answer loads or whatever is inlined there.
 * They are called for any coordinates, in any order, with the lane variable in `k` or in the row or
 * column, whichever makes a vec4 of neighbours; and for coordinates beyond the last ones, whose
 * values are not used.
 *
 * A convolution is a product whose row is a pixel of the output, whose window is that of its filter
 * and whose `k` is a channel. Kernels count window and channels themselves, by additions: `a` and
 * `b` get variables there and may say how an offset follows by any index arithmetic. What depends on
 * batch and row only is computed in front of the loop, divisions included; a quotient of what the
 * loop counts is counted too (`LoopCounters`), at the price of two registers.
 */
export interface ProductSpec {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** Where the loop over `k` is divided, ascending: A comes from another buffer there. */
  readonly splits?: readonly number[];
  /** Extents of loops around the loop over `k`, such as filter height and width. */
  readonly window: readonly { readonly name: string; readonly extent: number }[];
  a(batch: IndexExpr, row: IndexExpr, window: readonly IndexExpr[], k: IndexExpr): Operand;
  b(batch: IndexExpr, window: readonly IndexExpr[], k: IndexExpr, column: IndexExpr): Operand;
  /** A second right operand, whose product is computed beside the first. */
  readonly pair?: ProductSpec['b'];
  /** With a pair: makes one result of both sums, which `name` tells from others of the kernel. */
  combine?(
    batch: IndexExpr,
    row: IndexExpr,
    column: IndexExpr,
    sums: readonly Operand[],
    name: string,
  ): Operand;
  /** Where the lanes of a vector of columns belong to several results: what each of them has of it. */
  results?(sum: Operand): readonly Operand[];
  /**
   * Where the terms of an element count, if not everywhere; `a` or `b` is 0 elsewhere. What they are
   * multiplied by may be NaN or infinite: see `recountSums`. A product with a pair has none.
   */
  counts?(
    batch: IndexExpr,
    row: IndexExpr,
    window: readonly IndexExpr[],
    column: IndexExpr,
  ): readonly Bounds[];
  /** Whether what such terms are multiplied by is known to be finite: they are 0 then by themselves. */
  readonly isFinite?: boolean;
  /** Whether there are taps that count for no row of a batch, and are worth a test in front of them. */
  readonly skipsTaps?: boolean;
  /** Bounds outside which a row of a batch has no place in the result; all have, if not said. */
  place?(batch: IndexExpr, row: IndexExpr): readonly Bounds[];
  /** Workgroups that share a sum; each stores its part of it. */
  readonly parts?: number;
  /** Coordinates of an element, or of part `part` of one. */
  output(batch: IndexExpr, row: IndexExpr, column: IndexExpr, part: IndexExpr): IndexExpr[];
}

/** A right operand, and what the names of its sums begin with. */
export interface RightOperand {
  readonly name: string;
  readonly load: ProductSpec['b'];
}

/** The right operands of a product: one, or a pair. */
export function rightOperands({ b, pair }: ProductSpec): RightOperand[] {
  const first = { name: 'acc', load: b };
  return pair ? [first, { name: 'gate', load: pair }] : [first];
}

export interface StoreOptions {
  /** Which part of a sum that several workgroups share. */
  readonly part?: IndexExpr;
  /** Condition under which there is a lane, where some may be beyond the last column. */
  readonly inside?: (lane: number) => string;
}

/** Combines the sums of an element, if there is a pair of them, and stores what follows from it. */
export function storeElement(
  emission: KernelEmission,
  spec: ProductSpec,
  at: readonly [batch: IndexExpr, row: IndexExpr, column: IndexExpr],
  sums: readonly Operand[],
  name: string,
  { part = ix.zero, inside }: StoreOptions = {},
): void {
  const results = spec.results?.(sums[0]);
  if (results) {
    emission.epilogue(spec.output(...at, part), results, 1);
    return;
  }
  // A vector of one column has one lane, at a coordinate that everything that follows knows: 0.
  const [batch, row] = at;
  const isLone = spec.columns === 1 && sums[0].width === 4;
  const place = isLone ? ([batch, row, ix.zero] as const) : at;
  const own = isLone
    ? sums.map((sum): Operand => ({ ...sum, code: `${sum.code}.x`, width: 1 }))
    : sums;
  const result = spec.combine ? spec.combine(...place, own, name) : own[0];
  emission.epilogue(spec.output(...place, part), result, own[0].width, inside);
}

/** Condition under which a row has a place in the result; '' if all have. */
export function placeCondition(
  { inliner, writer }: KernelEmission,
  spec: ProductSpec,
  batch: IndexExpr,
  row: IndexExpr,
): string {
  const bounds = spec.place?.(batch, row).filter((bound) => canMiss(bound, writer)) ?? [];
  return bounds.length === 0 ? '' : inliner.condition(bounds).code;
}

/** What kernels of products are chosen by. */
export function shapeOf({ batch, rows, columns, depth, window, pair }: ProductSpec): ProductShape {
  const taps = window.reduce((product, { extent }) => product * extent, 1);
  return { batch, rows, columns, depth, taps, pair: pair !== undefined };
}
