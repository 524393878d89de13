/**
 * Kernels that write where indices say, as gathering. For indices that are known while compiling, every element of the
 * result knows the updates it is made of. For others it asks each update whether it is meant, which is right in
 * whatever order updates come, and as fast as writing where there are few. Answers are those of tfjs's `cpu`: of
 * several updates of one place `ScatterNd` adds all, the others keep the last. An index outside, for which `cpu`
 * throws, is passed by.
 */
import type { GraphBuilder } from '../ir/builder';
import { sameShape, sizeOf, stridesOf, type Shape, type Value } from '../ir/graph';
import { demand } from '../ir/infer/refused';
import { formatShape } from '../ir/infer/shape';
import { flatIndices } from './gather';
import { lowering } from './lowering';

/** No update: gathering from here gives zero. */
const NOWHERE = -1;

/** Terms of sums of updates at most: one place with many makes a column of each of all others. */
const MAX_TERMS = 2 ** 16;

/** Elements of the result, times updates, that are asked: from here on stock's own kernel is no slower. */
const MAX_QUESTIONS = 2 ** 22;

/** Where updates go: the result is `rows` rows of `inner` elements, and each of `count` updates belongs to a row. */
interface Scatter {
  readonly rows: number;
  readonly inner: number;
  readonly count: number;
  /** The row of each update, as numbers where they are known and as indices [count] elsewhere. */
  readonly targets: readonly number[] | Value;
  /** Of the updates: one for each index, and the axes that the indices leave. */
  readonly shape: Shape;
}

function isKnown(targets: Scatter['targets']): targets is readonly number[] {
  return Array.isArray(targets);
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
  const isVector = indices.shape.length <= 1;
  const depth = isVector ? 1 : indices.shape[indices.shape.length - 1];
  const count = sizeOf(indices.shape) / depth;
  demand(
    depth > 0 && depth <= shape.length && count > 0 && sizeOf(shape) > 0,
    () => `indices ${formatShape(indices.shape)} into ${formatShape(shape)}`,
  );
  const inner = shape.slice(depth);
  const outer = isVector ? [count] : indices.shape.slice(0, -1);
  const scatter = { inner: sizeOf(inner), count, shape: [...outer, ...inner] };
  const values = b.hostValues(indices);
  if (!values) {
    const indexed = shape.slice(0, depth);
    const flat = isVector ? indices : flatIndices(b, indices, indexed);
    return { ...scatter, rows: sizeOf(indexed), targets: b.reshape(flat, [count]) };
  }
  const { targets, rows } = scatterTargets(values, indices.shape, shape);
  demand(
    targets.every((row) => row >= 0 && row < rows),
    () => `an index is outside ${formatShape(shape)}`,
  );
  return { ...scatter, rows, targets };
}

/** The updates as rows, one for each index. */
function asRows(b: GraphBuilder, updates: Value, { count, inner, shape }: Scatter): Value {
  demand(
    sameShape(updates.shape, shape),
    () => `updates ${formatShape(updates.shape)}; needs ${formatShape(shape)}`,
  );
  return b.reshape(updates, [count, inner]);
}

/** Whole numbers from 0 on, as a constant of `shape`. */
const countTo = (b: GraphBuilder, shape: Shape): Value =>
  b.hostConstant(shape, 'int32', [...new Array(sizeOf(shape)).keys()]);

/** For each row whether each update is of it: [rows, count, 1]. */
function questions(b: GraphBuilder, { rows, count }: Scatter, targets: Value, each: number): Value {
  demand(
    rows * count * each <= MAX_QUESTIONS,
    () => `${count} updates of ${rows} rows: too many to ask each row for each`,
  );
  return b.op('Equal', [b.reshape(targets, [1, count, 1]), countTo(b, [rows, 1, 1])]);
}

/** The number of the last update of each row, as indices [rows]; negative where there is none. */
function lastOf(b: GraphBuilder, scatter: Scatter): Value {
  const { rows, count, targets } = scatter;
  if (isKnown(targets)) {
    const last = new Array<number>(rows).fill(NOWHERE);
    targets.forEach((row, at) => (last[row] = at));
    return b.hostConstant([rows], 'int32', last);
  }
  const isMeant = questions(b, scatter, targets, 1);
  const numbers = countTo(b, [1, count, 1]);
  const meant = b.op('Select', [isMeant, numbers, b.scalar(NOWHERE, 'int32')]);
  return b.op('Max', [meant], { axes: [1, 2], keepDims: false });
}

/** The last update of each row, and `background` where there is none. */
function overwrite(b: GraphBuilder, scatter: Scatter, updates: Value, background: Value): Value {
  const last = lastOf(b, scatter);
  const taken = b.op('GatherV2', [updates, last], { axis: 0, batchDims: 0 });
  const zero = background.constant?.host;
  const isFull = b.hostValues(last)?.includes(NOWHERE) === false;
  if (isFull || (zero?.length === 1 && Object.is(zero[0], 0))) return taken;
  const isTaken = b.op('GreaterEqual', [last, b.scalar(0, 'int32')]);
  return b.op('Select', [b.reshape(isTaken, [scatter.rows, 1]), taken, background]);
}

/** The sum of all updates of each row. */
function sum(b: GraphBuilder, scatter: Scatter, updates: Value): Value {
  const { rows, inner, count, targets } = scatter;
  if (isKnown(targets)) return knownSum(b, rows, targets, updates);
  demand(updates.dtype !== 'bool', () => 'tfjs counts truth values that meet');
  const isMeant = questions(b, scatter, targets, inner);
  const terms = b.op('Select', [
    isMeant,
    b.reshape(updates, [1, count, inner]),
    b.scalar(0, updates.dtype),
  ]);
  return b.op('Sum', [terms], { axes: [1], keepDims: false });
}

/** The same where each row knows which updates are its own. */
function knownSum(
  b: GraphBuilder,
  rows: number,
  targets: readonly number[],
  updates: Value,
): Value {
  const pick = (shape: Shape, from: readonly number[]): Value =>
    b.op('GatherV2', [updates, b.hostConstant(shape, 'int32', from)], { axis: 0, batchDims: 0 });
  const terms = Array.from({ length: rows }, (): number[] => []);
  targets.forEach((row, at) => terms[row].push(at));
  const most = Math.max(...terms.map(({ length }) => length));
  if (most === 1) return pick([rows], terms.map(([at = NOWHERE]) => at)); // prettier-ignore
  demand(updates.dtype !== 'bool', () => 'tfjs counts truth values that meet');
  demand(rows * most <= MAX_TERMS, () => `${most} updates are of one place`);
  const padded = terms.flatMap((row) =>
    Array.from({ length: most }, (_, at) => row[at] ?? NOWHERE),
  );
  return b.op('Sum', [pick([rows, most], padded)], { axes: [1], keepDims: false });
}

interface ScatterNdAttrs {
  readonly shape: Shape;
}

interface SparseToDenseAttrs {
  readonly outputShape: Shape;
}

interface SegmentAttrs {
  readonly numSegments: number;
}

/** Rows of `x` that are of one segment, added up; a segment may have none, and a row may have none. */
function segmentSum(b: GraphBuilder, x: Value, ids: Value, numSegments: number): Value {
  demand(ids.shape.length === 1 && ids.dtype === 'int32', () => `ids ${formatShape(ids.shape)}`);
  demand(x.dtype === 'float32', () => 'tfjs adds integers up as floats');
  const [count, ...inner] = x.shape;
  demand(ids.shape[0] === count, () => `${ids.shape[0]} ids of ${count} rows`);
  const shape = [numSegments, ...inner];
  const scatter = { rows: numSegments, inner: sizeOf(inner), count, targets: ids, shape: x.shape };
  return b.reshape(sum(b, scatter, asRows(b, x, scatter)), shape);
}

export const scatterLowerings = {
  UnsortedSegmentSum: lowering(['x', 'segmentIds'], (b, [x, ids], attrs: SegmentAttrs) =>
    segmentSum(b, x, ids, attrs.numSegments),
  ),
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
