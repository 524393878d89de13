/** Kernels that take boxes out of a value. */
import type { GraphBuilder } from '../ir/builder';
import type { Shape, Value } from '../ir/graph';
import { demand } from '../ir/infer/refused';
import { formatShape, normalizeAxis } from '../ir/infer/shape';
import { lowering, type AxisAttrs } from './lowering';

interface SliceAttrs {
  /** Axes that it does not name begin at 0. */
  readonly begin: readonly number[];
  /** −1, or nothing, is all that is left. */
  readonly size: readonly number[];
}

function slice(b: GraphBuilder, x: Value, attrs: SliceAttrs): Value {
  const begin = x.shape.map((_, axis) => attrs.begin[axis] ?? 0);
  const wanted = x.shape.map((_, axis) => attrs.size[axis] ?? -1);
  demand(
    begin.every((at) => at >= 0),
    () => `begin is ${formatShape(begin)}`,
  );
  demand(
    wanted.every((size) => size >= -1),
    () => `size is ${formatShape(wanted)}`,
  );
  const size = x.shape.map((dim, axis) => (wanted[axis] < 0 ? dim - begin[axis] : wanted[axis]));
  return b.slice(x, begin, size);
}

/** Bit i of a mask speaks of entry i of `begin`, `end` and `strides`, as in TensorFlow. */
interface StridedSliceAttrs {
  readonly begin: readonly number[];
  readonly end: readonly number[];
  /** All 1 if absent. */
  readonly strides?: readonly number[] | null;
  /** From the first element, whatever `begin` says. */
  readonly beginMask: number;
  /** To the last element, whatever `end` says. */
  readonly endMask: number;
  /** All axes that no other entry speaks of; one bit at most. */
  readonly ellipsisMask: number;
  /** A new axis of one element. */
  readonly newAxisMask: number;
  /** One element, whose axis goes. */
  readonly shrinkAxisMask: number;
}

/** What is taken of one axis. */
interface AxisRange {
  readonly begin: number;
  readonly size: number;
  readonly stride: number;
}

const has = (mask: number, entry: number): boolean => (mask & (1 << entry)) !== 0;

/** What an entry of the attributes takes of an axis of `length`. */
function rangeOf(attrs: StridedSliceAttrs, entry: number, length: number): AxisRange {
  const fromFront = (at: number): number => (at < 0 ? at + length : at);
  const stride = attrs.strides?.[entry] ?? 1;
  demand(stride !== 0, () => `stride ${entry} is 0`);
  const forward = stride > 0;
  if (has(attrs.shrinkAxisMask, entry)) {
    const begin = fromFront(attrs.begin[entry]);
    demand(forward, () => `stride ${stride} of an axis that goes`);
    demand(begin >= 0 && begin < length, () => `index ${attrs.begin[entry]} of ${length}`);
    return { begin, size: 1, stride: 1 };
  }
  // Backwards, the end before element 0 is -1.
  const [low, high] = forward ? [0, length] : [-1, length - 1];
  const clamp = (at: number): number => Math.min(Math.max(fromFront(at), low), high);
  const begin = has(attrs.beginMask, entry) ? (forward ? low : high) : clamp(attrs.begin[entry]);
  const end = has(attrs.endMask, entry) ? (forward ? high : low) : clamp(attrs.end[entry]);
  return { begin, size: Math.max(0, Math.ceil((end - begin) / stride)), stride };
}

/** What is taken of each axis of `x`, and the shape that the result is shown in. */
function rangesOf(x: Shape, attrs: StridedSliceAttrs): { ranges: AxisRange[]; shape: number[] } {
  const { begin, ellipsisMask, newAxisMask, shrinkAxisMask } = attrs;
  demand((ellipsisMask & (ellipsisMask - 1)) === 0, () => 'more than one ellipsis');
  const named = begin.filter((_, at) => !has(ellipsisMask | newAxisMask, at)).length;
  demand(named <= x.length, () => `${named} indices of ${formatShape(x)}`);
  const ranges: AxisRange[] = [];
  const shape: number[] = [];
  const takeRest = (): void => {
    for (let left = x.length - named; left > 0; left--) {
      const size = x[ranges.length];
      ranges.push({ begin: 0, size, stride: 1 });
      shape.push(size);
    }
  };
  for (let entry = 0; entry < begin.length; entry++) {
    if (has(ellipsisMask, entry)) takeRest();
    else if (has(newAxisMask, entry)) shape.push(1);
    else {
      const range = rangeOf(attrs, entry, x[ranges.length]);
      ranges.push(range);
      if (!has(shrinkAxisMask, entry)) shape.push(range.size);
    }
  }
  if (ellipsisMask === 0) takeRest();
  return { ranges, shape };
}

function stridedSlice(b: GraphBuilder, x: Value, attrs: StridedSliceAttrs): Value {
  const { ranges, shape } = rangesOf(x.shape, attrs);
  const of = (key: keyof AxisRange): number[] => ranges.map((range) => range[key]);
  return b.reshape(b.slice(x, of('begin'), of('size'), of('stride')), shape);
}

/** Consecutive parts of the given sizes along an axis. */
function splitAt(b: GraphBuilder, x: Value, sizes: readonly number[], axis: number): Value[] {
  let offset = 0;
  const parts = sizes.map((size) => {
    const begin = x.shape.map((_, at) => (at === axis ? offset : 0));
    offset += size;
    const box = x.shape.map((dim, at) => (at === axis ? size : dim));
    return b.slice(x, begin, box);
  });
  demand(
    offset === x.shape[axis],
    () => `sizes ${formatShape(sizes)} do not add up to ${x.shape[axis]}`,
  );
  return parts;
}

interface SplitAttrs {
  /** How many parts of one size, or the sizes, of which one may be −1: what is left. */
  readonly numOrSizeSplits: number | readonly number[];
  readonly axis: number;
}

function sizesOf(parts: number | readonly number[], length: number): readonly number[] {
  if (typeof parts === 'number') {
    demand(length % parts === 0, () => `${parts} parts of an axis of ${length}`);
    return new Array<number>(parts).fill(length / parts);
  }
  const known = parts.reduce((sum, size) => (size < 0 ? sum : sum + size), 0);
  return parts.map((size) => (size < 0 ? length - known : size));
}

function split(b: GraphBuilder, x: Value, attrs: SplitAttrs): Value[] {
  const axis = normalizeAxis(attrs.axis, x.shape.length);
  return splitAt(b, x, sizesOf(attrs.numOrSizeSplits, x.shape[axis]), axis);
}

function unpack(b: GraphBuilder, x: Value, attrs: AxisAttrs): Value[] {
  const axis = normalizeAxis(attrs.axis, x.shape.length);
  const shape = x.shape.filter((_, at) => at !== axis);
  const rows = splitAt(b, x, new Array<number>(x.shape[axis]).fill(1), axis);
  return rows.map((row) => b.reshape(row, shape));
}

export const sliceLowerings = {
  Slice: lowering(['x'], (b, [x], attrs: SliceAttrs) => slice(b, x, attrs)),
  StridedSlice: lowering(['x'], (b, [x], attrs: StridedSliceAttrs) => stridedSlice(b, x, attrs)),
  SplitV: {
    ...lowering(['x'], (b, [x], attrs: SplitAttrs) => split(b, x, attrs)),
    hasManyOutputs: true,
  },
  Unpack: {
    ...lowering(['value'], (b, [x], attrs: AxisAttrs) => unpack(b, x, attrs)),
    hasManyOutputs: true,
  },
};
