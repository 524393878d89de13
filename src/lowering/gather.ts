/** Kernels that take elements by index. */
import type { GraphBuilder } from '../ir/builder';
import { sizeOf, type Shape, type Value } from '../ir/graph';
import { demand, refuse } from '../ir/infer/refused';
import { formatShape, normalizeAxis } from '../ir/infer/shape';
import { lowering } from './lowering';

interface GatherAttrs {
  readonly axis: number;
  /** Leading axes that x and indices share; 0 if absent, from the back if negative. */
  readonly batchDims?: number;
}

function gather(b: GraphBuilder, x: Value, indices: Value, attrs: GatherAttrs): Value {
  const { axis, batchDims = 0 } = attrs;
  return b.op('GatherV2', [x, b.cast(indices, 'int32')], {
    axis: normalizeAxis(axis, x.shape.length),
    batchDims: batchDims < 0 ? batchDims + indices.shape.length : batchDims,
  });
}

/**
 * Indices into the axes of `indexed`, the last axis of `indices` an index each, as indices into their product. Each
 * axis is taken for as long as it is: one that is too large means another row, as in tfjs.
 */
export function flatIndices(b: GraphBuilder, indices: Value, indexed: Shape): Value {
  const outer = indices.shape.slice(0, -1);
  let flat: Value | undefined;
  for (let axis = 0; axis < indexed.length; axis++) {
    const begin = [...outer.map(() => 0), axis];
    const column = b.reshape(b.slice(indices, begin, [...outer, 1]), outer);
    const stride = b.scalar(sizeOf(indexed.slice(axis + 1)), 'int32');
    const term = axis < indexed.length - 1 ? b.op('Multiply', [column, stride]) : column;
    flat = flat ? b.op('Add', [flat, term]) : term;
  }
  return flat ?? refuse('no indices');
}

/** Indices into the first axes become indices into their product. */
function gatherNd(b: GraphBuilder, x: Value, indices: Value): Value {
  const depth = indices.shape[indices.shape.length - 1];
  const [indexed, inner] = [x.shape.slice(0, depth), x.shape.slice(depth)];
  demand(
    depth <= x.shape.length,
    () => `indices ${formatShape(indices.shape)} into ${formatShape(x.shape)}`,
  );
  const flat = flatIndices(b, indices, indexed);
  const rows = b.reshape(x, [sizeOf(indexed), ...inner]);
  return b.op('GatherV2', [rows, flat], { axis: 0, batchDims: 0 });
}

export const gatherLowerings = {
  GatherV2: lowering(['x', 'indices'], (b, [x, indices], attrs: GatherAttrs) =>
    gather(b, x, indices, attrs),
  ),
  GatherNd: lowering(['params', 'indices'], (b, [params, indices]) => gatherNd(b, params, indices)),
};
