/** What counts as a dense layer: a product of rows with one matrix of weights. */
import type { GraphBuilder } from '../../ir/builder';
import { isConstant } from '../../ir/constant-part';
import { sizeOf, type Node, type Value } from '../../ir/graph';

/** One dense layer: rows of `depth` elements become rows of `columns`. */
export interface Dense {
  readonly x: Value;
  readonly depth: number;
  readonly columns: number;
  /** The weights as a matrix [depth, columns]. */
  weights(build: GraphBuilder): Value;
}

const isAll = (values: unknown, wanted: number): boolean =>
  Object.values(values as object).every((value) => value === wanted);

/** The layer that a product is, or a convolution that looks at one pixel at a time; else null. */
export function denseOf({ kernel, inputs, outputs, attrs }: Node): Dense | null {
  const [x, weights] = inputs;
  const columns = outputs[0].shape.at(-1) as number;
  const depth = x.shape.at(-1) as number;
  const isDense =
    kernel === 'BatchMatMul'
      ? attrs.transposeA === false
      : kernel === 'Conv2D' && isAll(attrs.strides, 1) && isAll(attrs.pad, 0);
  if (!isDense || !isConstant(weights) || sizeOf(weights.shape) !== depth * columns) return null;
  return {
    x,
    depth,
    columns,
    weights: (build) =>
      attrs.transposeB
        ? build.transpose(build.reshape(weights, [columns, depth]), [1, 0])
        : build.reshape(weights, [depth, columns]),
  };
}
