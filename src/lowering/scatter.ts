/**
 * Kernels that write where indices say, for indices that are known while compiling: then every element of the
 * result knows the updates it is made of, and scattering is gathering. Answers are those of tfjs's `cpu`: of
 * several updates of one place `ScatterNd` adds all, the others keep the last.
 */
import type { GraphBuilder } from '../ir/builder';
import { sameShape, sizeOf, stridesOf, type Shape, type Value } from '../ir/graph';
import { demand, refuse } from '../ir/infer/refused';
import { formatShape } from '../ir/infer/shape';
import { lowering } from './lowering';

/** No update: gathering from here gives zero. */
const NOWHERE = -1;

/** Terms of sums of updates at most: one place with many makes a column of each of all others. */
const MAX_TERMS = 2 ** 16;

/** Where updates go: the result is `rows` rows of `inner` elements, and update `i` belongs to row `targets[i]`. */
interface Scatter {
  readonly rows: number;
  readonly inner: number;
  readonly targets: readonly number[];
  /** Of the updates: one for each index, and the axes that the indices leave. */
  readonly shape: Shape;
}

/**
 * The row of `shape` that each index means, as tfjs counts them: an index may leave one axis as long as the row
 * exists. The last axis of `indices` holds an index; a vector holds indices of one axis.
 */
export function scatterTargets(
  indices: ArrayLike<number>,
  indicesShape: Shape,
  shape: Shape,
): { readonly targets: readonly number[]; readonly rows: number } {
  const depth = indicesShape.length > 1 ? indicesShape[indicesShape.length - 1] : 1;
  const indexed = shape.slice(0, depth);
  const strides = stridesOf(indexed);
  const count = depth > 0 ? indices.length / depth : 0;
  const targets = Array.from({ length: count }, (_, at) =>
    strides.reduce((row, stride, axis) => row + stride * indices[at * depth + axis], 0),
  );
  return { targets, rows: sizeOf(indexed) };
}

function scatterInto(b: GraphBuilder, indices: Value, shape: Shape): Scatter {
  demand(indices.dtype === 'int32', () => `indices are ${indices.dtype}; needs int32`);
  const known = b.hostValues(indices) ?? refuse('its indices are not known while compiling');
  const depth = indices.shape.length > 1 ? indices.shape[indices.shape.length - 1] : 1;
  demand(
    depth > 0 && depth <= shape.length && known.length > 0 && sizeOf(shape) > 0,
    () => `indices ${formatShape(indices.shape)} into ${formatShape(shape)}`,
  );
  const { targets, rows } = scatterTargets(known, indices.shape, shape);
  demand(
    targets.every((row) => row >= 0 && row < rows),
    () => `an index is outside ${formatShape(shape)}`,
  );
  const inner = shape.slice(depth);
  const outer = indices.shape.length > 1 ? indices.shape.slice(0, -1) : [targets.length];
  return { rows, inner: sizeOf(inner), targets, shape: [...outer, ...inner] };
}

/** The updates as rows, one for each index. */
function asRows(b: GraphBuilder, updates: Value, { targets, inner, shape }: Scatter): Value {
  demand(
    sameShape(updates.shape, shape),
    () => `updates ${formatShape(updates.shape)}; needs ${formatShape(shape)}`,
  );
  return b.reshape(updates, [targets.length, inner]);
}

const pick = (b: GraphBuilder, rows: Value, shape: Shape, from: readonly number[]): Value =>
  b.op('GatherV2', [rows, b.hostConstant(shape, 'int32', from)], { axis: 0, batchDims: 0 });

/** The last update of each row, and `background` where there is none. */
function overwrite(b: GraphBuilder, scatter: Scatter, updates: Value, background: Value): Value {
  const { rows, targets } = scatter;
  const last = new Array<number>(rows).fill(NOWHERE);
  targets.forEach((row, at) => (last[row] = at));
  const taken = pick(b, updates, [rows], last);
  const zero = background.constant?.host;
  if (!last.includes(NOWHERE) || (zero?.length === 1 && Object.is(zero[0], 0))) return taken;
  const isTaken = last.map((at) => Number(at !== NOWHERE));
  return b.op('Select', [b.hostConstant([rows, 1], 'bool', isTaken), taken, background]);
}

/** The sum of all updates of each row. */
function sum(b: GraphBuilder, { rows, targets }: Scatter, updates: Value): Value {
  const terms = Array.from({ length: rows }, (): number[] => []);
  targets.forEach((row, at) => terms[row].push(at));
  const most = Math.max(...terms.map(({ length }) => length));
  if (most === 1) return pick(b, updates, [rows], terms.map(([at = NOWHERE]) => at)); // prettier-ignore
  demand(updates.dtype !== 'bool', () => 'tfjs counts truth values that meet');
  demand(rows * most <= MAX_TERMS, () => `${most} updates are of one place`);
  const padded = terms.flatMap((row) =>
    Array.from({ length: most }, (_, at) => row[at] ?? NOWHERE),
  );
  return b.op('Sum', [pick(b, updates, [rows, most], padded)], { axes: [1], keepDims: false });
}

interface ScatterNdAttrs {
  readonly shape: Shape;
}

interface SparseToDenseAttrs {
  readonly outputShape: Shape;
}

export const scatterLowerings = {
  ScatterNd: lowering(['indices', 'updates'], (b, [indices, updates], attrs: ScatterNdAttrs) => {
    const scatter = scatterInto(b, indices, attrs.shape);
    return b.reshape(sum(b, scatter, asRows(b, updates, scatter)), attrs.shape);
  }),
  TensorScatterUpdate: lowering(['tensor', 'indices', 'updates'], (b, [x, indices, updates]) => {
    const scatter = scatterInto(b, indices, x.shape);
    const background = b.reshape(x, [scatter.rows, scatter.inner]);
    demand(updates.dtype === x.dtype, () => `updates are ${updates.dtype}; needs ${x.dtype}`);
    return b.reshape(overwrite(b, scatter, asRows(b, updates, scatter), background), x.shape);
  }),
  SparseToDense: lowering(
    ['sparseIndices', 'sparseValues', 'defaultValue'],
    (b, [indices, values, fallback], { outputShape }: SparseToDenseAttrs) => {
      demand(sizeOf(fallback.shape) === 1, () => `default ${formatShape(fallback.shape)}`);
      demand(values.dtype === fallback.dtype, () => `default of ${fallback.dtype}`);
      const scatter = scatterInto(b, indices, outputShape);
      demand(scatter.inner === 1, () => `indices ${formatShape(indices.shape)}`);
      // One value may stand for all.
      const each = values.shape.length > 0 ? values : b.broadcastTo(values, scatter.shape);
      const background = b.reshape(fallback, [1, 1]);
      return b.reshape(overwrite(b, scatter, asRows(b, each, scatter), background), outputShape);
    },
  ),
};
