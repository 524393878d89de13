import { sizeOf, type Shape } from '../../../src/ir/graph';
import type { Draft, Family, Tracked } from './draft';

/** Factors of `size` in at most `rank` dimensions. */
export function factorize(draft: Draft, size: number, rank: number): number[] {
  const shape: number[] = [];
  let rest = size;
  for (let axis = 1; axis < rank; axis++) {
    const divisors = Array.from({ length: rest }, (_, d) => d + 1).filter((d) => rest % d === 0);
    const dim = draft.pickFrom(divisors);
    shape.push(dim);
    rest /= dim;
  }
  return [...shape, rest];
}

const axisOf = (draft: Draft, shape: Shape) => draft.pick(shape.length);
const hasAxes = ({ value }: Tracked) => value.shape.length > 0;

const reshape: Family = (draft) => {
  const x = draft.choose();
  if (!x) return null;
  const shape = factorize(draft, sizeOf(x.value.shape), 1 + draft.pick(5));
  return draft.moved(x, draft.b.reshape(x.value, shape));
};

const transpose: Family = (draft) => {
  const x = draft.choose(({ value }) => value.shape.length > 1);
  if (!x) return null;
  const left = x.value.shape.map((_, axis) => axis);
  const perm = x.value.shape.map(() => left.splice(draft.pick(left.length), 1)[0]);
  return draft.moved(x, draft.b.transpose(x.value, perm));
};

const slice: Family = (draft) => {
  const x = draft.choose(hasAxes);
  if (!x) return null;
  const axes = x.value.shape.map((dim) => {
    const first = draft.pick(dim);
    const last = draft.pick(dim);
    const step = 1 + draft.pick(3);
    const size = Math.floor(Math.abs(last - first) / step) + 1;
    return { begin: first, stride: last < first ? -step : step, size };
  });
  const result = draft.b.slice(
    x.value,
    axes.map(({ begin }) => begin),
    axes.map(({ size }) => size),
    axes.map(({ stride }) => stride),
  );
  return draft.moved(x, result);
};

const pad: Family = (draft) => {
  const x = draft.choose(({ value }) => value.shape.length > 0 && value.dtype !== 'bool');
  if (!x) return null;
  const constantValue = draft.pickFrom([0, 2]);
  const paddings = x.value.shape.map(() => [draft.pick(3), draft.pick(3)]);
  const result = draft.b.op('PadV2', [x.value], { paddings, constantValue });
  return draft.moved(x, result, constantValue);
};

const mirrorPad: Family = (draft) => {
  const x = draft.choose(({ value }) => value.shape.length > 0 && value.dtype === 'float32');
  if (!x) return null;
  const mode = draft.pickFrom(['reflect', 'symmetric']);
  const most = (dim: number) => Math.min(2, mode === 'reflect' ? dim - 1 : dim);
  const paddings = x.value.shape.map((dim) => [
    draft.pick(most(dim) + 1),
    draft.pick(most(dim) + 1),
  ]);
  return draft.moved(x, draft.b.op('MirrorPad', [x.value], { paddings, mode }));
};

/** Two to four values that differ along one axis only; shifted ones where there is no other. */
const concat: Family = (draft) => {
  const x = draft.choose(hasAxes);
  if (!x) return null;
  const axis = axisOf(draft, x.value.shape);
  const parts = [x];
  for (let more = 1 + draft.pick(3); more > 0; more--) {
    const other = draft.choose(({ value: { shape, dtype } }) => {
      const fits = shape.length === x.value.shape.length && dtype === x.value.dtype;
      return fits && shape.every((dim, i) => i === axis || dim === x.value.shape[i]);
    });
    if (other) parts.push(other);
  }
  const values = parts.map(({ value }) => value);
  const magnitude = Math.max(...parts.map((part) => part.magnitude));
  const error = Math.max(...parts.map((part) => part.error));
  return draft.accept(draft.b.op('Concat', values, { axis }), magnitude, error);
};

const tile: Family = (draft) => {
  const x = draft.choose(hasAxes);
  if (!x) return null;
  const shape = x.value.shape.map((dim) => dim * (1 + draft.pick(2)));
  return draft.moved(x, draft.b.op('Tile', [x.value], {}, [], shape));
};

const broadcastTo: Family = (draft) => {
  const x = draft.choose(({ value }) => value.shape.includes(1));
  if (!x) return null;
  const shape = x.value.shape.map((dim) => (dim === 1 ? 1 + draft.pick(4) : dim));
  return draft.moved(x, draft.b.broadcastTo(x.value, shape));
};

const reverse: Family = (draft) => {
  const x = draft.choose(hasAxes);
  if (!x) return null;
  const dims = x.value.shape.map((_, axis) => axis).filter(() => draft.flag());
  return draft.moved(x, draft.b.op('Reverse', [x.value], { dims }));
};

/** Rows picked by constants, or by integers of the graph; some lie outside, and pick zeros. */
const gather: Family = (draft) => {
  const x = draft.choose(hasAxes);
  if (!x) return null;
  const { b } = draft;
  const axis = axisOf(draft, x.value.shape);
  const extent = x.value.shape[axis];
  const dynamic = draft.choose(
    ({ value }) => value.dtype === 'int32' && value.shape.length < 3 && sizeOf(value.shape) < 9,
  );
  const indices =
    dynamic && draft.flag()
      ? dynamic.value
      : b.hostConstant(
          [3],
          'int32',
          [0, 1, 2].map(() => draft.pick(extent + 2) - 1),
        );
  return draft.moved(x, b.op('GatherV2', [x.value, indices], { axis, batchDims: 0 }));
};

const diag: Family = (draft) => {
  const x = draft.choose(({ value }) => value.shape.length > 0 && value.shape.length < 4);
  return x && draft.moved(x, draft.b.op('Diag', [x.value]));
};

const resizeNearest: Family = (draft) => {
  const x = draft.choose(({ value }) => value.shape.length === 4 && value.dtype === 'float32');
  if (!x) return null;
  const [alignCorners, halfPixelCenters] = draft.pickFrom([
    [false, false],
    [true, false],
    [false, true],
  ]);
  const [batch, , , channels] = x.value.shape;
  const shape = [batch, 1 + draft.pick(6), 1 + draft.pick(6), channels];
  const attrs = { alignCorners, halfPixelCenters };
  return draft.moved(x, draft.b.op('ResizeNearestNeighbor', [x.value], attrs, [], shape));
};

/** Everything that moves elements and computes none. */
export const movementFamilies: readonly Family[] = [
  reshape,
  transpose,
  slice,
  pad,
  mirrorPad,
  concat,
  tile,
  broadcastTo,
  reverse,
  gather,
  diag,
  resizeNearest,
];
