/** Values that are rows of others, as the steps of a sequence are. */
import { sizeOf, type Value } from '../../ir/graph';

/** Rows of `of`, all of its axes but the last taken for one, from a column on. */
export interface Rows {
  readonly of: Value;
  readonly first: number;
  readonly count: number;
  readonly column: number;
}

/** What `value` is rows of, or some columns of rows: a slice, under whatever shape. */
export function rowsOf(value: Value): Rows | null {
  let node = value.producer;
  while (node?.kernel === 'Reshape') node = node.inputs[0].producer;
  if (node?.kernel !== 'Slice') return null;
  const [[of], [part], attrs] = [node.inputs, node.outputs, node.attrs];
  const last = of.shape.length - 1;
  const width = value.shape.at(-1);
  if (last < 1 || width === undefined || part.shape[last] !== width) return null;
  const begin = attrs.begin as number[];
  const isWhole = of.shape.every(
    (dim, axis) => axis === 0 || axis === last || part.shape[axis] === dim,
  );
  if (!isWhole || (attrs.strides as number[]).some((stride) => stride !== 1)) return null;
  return {
    of,
    first: begin[0] * sizeOf(of.shape.slice(1, last)),
    count: sizeOf(value.shape) / width,
    column: begin[last],
  };
}
