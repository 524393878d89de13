/** The sizes of an attention, read from its node, and coordinates that all of its kernels use. */
import type { Node, Shape } from '../../ir/graph';
import { sizeOf } from '../../ir/graph';
import type { IndexExpr } from '../../ir/index-expression';
import * as ix from '../../ir/index-expression';

export interface AttentionSizes {
  /** Dimensions in front of queries, keys and values, those of the queries. */
  readonly batch: Shape;
  /** How many attentions there are: the product of `batch`. */
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  /** Elements of a query and of a key. */
  readonly depth: number;
  /** Elements of a value, and so of a result. */
  readonly width: number;
}

export function attentionSizes({ inputs: [query, , value] }: Node): AttentionSizes {
  const batch = query.shape.slice(0, -2);
  const [queries, depth] = query.shape.slice(-2);
  const [keys, width] = value.shape.slice(-2);
  return { batch, heads: sizeOf(batch), queries, keys, depth, width };
}

/** Coordinates in front of a key or a value, which several heads may share; `batch` are those of the query. */
export function sharedBatch(
  shape: Shape,
  batch: readonly IndexExpr[],
  { batch: sizes }: AttentionSizes,
): IndexExpr[] {
  // Where there is one query as well, its coordinate will do, which is 0 by itself if no other size may come.
  const isShared = (dim: number, axis: number): boolean => dim === 1 && sizes[axis] !== 1;
  return shape.slice(0, -2).map((dim, axis) => (isShared(dim, axis) ? ix.zero : batch[axis]));
}
