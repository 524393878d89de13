/** Shapes of what moves elements, and of resizes. */
import { sizeOf, type Attrs, type Shape, type Value } from '../graph';
import type { InferFunction, InferTable } from './table';
import { demand, refuse } from './refused';
import { broadcastsTo, demandRank, demandSameType, formatShape } from './shape';

function given(shape: Shape | undefined): Shape {
  return shape ?? refuse('output shape is missing');
}

const reshape: InferFunction = ([x], _attrs, shape) => {
  const target = given(shape);
  demand(
    sizeOf(target) === sizeOf(x.shape),
    () => `shape ${formatShape(x.shape)} cannot become ${formatShape(target)}`,
  );
  return { shape: target, dtype: x.dtype };
};

const transpose: InferFunction = ([x], attrs) => {
  const perm = attrs.perm as number[];
  demand(
    perm.length === x.shape.length && new Set(perm).size === perm.length,
    () => `perm ${formatShape(perm)} does not fit shape ${formatShape(x.shape)}`,
  );
  return { shape: perm.map((axis) => x.shape[axis]), dtype: x.dtype };
};

const slice: InferFunction = ([x], attrs, shape) => {
  const target = given(shape);
  const begin = attrs.begin as number[];
  const strides = attrs.strides as number[];
  const inside = target.every((size, axis) => {
    if (size === 0) return true;
    const last = begin[axis] + (size - 1) * strides[axis];
    return Math.min(begin[axis], last) >= 0 && Math.max(begin[axis], last) < x.shape[axis];
  });
  demand(
    inside && target.length === x.shape.length,
    () =>
      `slice ${formatShape(begin)} of size ${formatShape(target)} leaves ${formatShape(x.shape)}`,
  );
  return { shape: target, dtype: x.dtype };
};

function paddedShape(x: Value, attrs: Attrs): number[] {
  const paddings = attrs.paddings as [number, number][];
  demandRank(x, paddings.length, 'input');
  return x.shape.map((dim, axis) => dim + paddings[axis][0] + paddings[axis][1]);
}

const pad: InferFunction = ([x], attrs) => ({ shape: paddedShape(x, attrs), dtype: x.dtype });

const mirrorPad: InferFunction = ([x], attrs) => {
  const limit = attrs.mode === 'reflect' ? 1 : 0;
  const paddings = attrs.paddings as [number, number][];
  demand(
    paddings.every(([a, b], axis) => a >= 0 && b >= 0 && Math.max(a, b) <= x.shape[axis] - limit),
    () => `mirror padding is wider than the input ${formatShape(x.shape)}`,
  );
  return { shape: paddedShape(x, attrs), dtype: x.dtype };
};

const concat: InferFunction = (inputs, attrs) => {
  const axis = attrs.axis as number;
  const shape = [...inputs[0].shape];
  for (const { shape: other } of inputs.slice(1)) {
    const fits =
      shape.length === other.length && shape.every((d, i) => i === axis || d === other[i]);
    demand(fits, () => `cannot concatenate ${formatShape(shape)} and ${formatShape(other)}`);
    shape[axis] += other[axis];
  }
  return { shape, dtype: demandSameType(inputs) };
};

const tile: InferFunction = ([x], _attrs, shape) => {
  const target = given(shape);
  demand(
    target.length === x.shape.length && target.every((dim, axis) => dim % x.shape[axis] === 0),
    () => `shape ${formatShape(x.shape)} does not tile to ${formatShape(target)}`,
  );
  return { shape: target, dtype: x.dtype };
};

const broadcastTo: InferFunction = ([x], _attrs, shape) => {
  const target = given(shape);
  demand(
    target.length === x.shape.length && broadcastsTo(x.shape, target),
    () => `shape ${formatShape(x.shape)} does not broadcast to ${formatShape(target)}`,
  );
  return { shape: target, dtype: x.dtype };
};

const gather: InferFunction = ([x, indices], attrs) => {
  const { axis, batchDims } = attrs as { axis: number; batchDims: number };
  demand(indices.dtype === 'int32', () => `indices are ${indices.dtype}; needs int32`);
  demand(
    batchDims <= axis && x.shape.slice(0, batchDims).every((d, i) => d === indices.shape[i]),
    () => `batch dims of ${formatShape(x.shape)} and ${formatShape(indices.shape)} differ`,
  );
  const shape = [
    ...x.shape.slice(0, axis),
    ...indices.shape.slice(batchDims),
    ...x.shape.slice(axis + 1),
  ];
  return { shape, dtype: x.dtype };
};

const resize: InferFunction = ([x], attrs, shape) => {
  demandRank(x, 4, 'images');
  const target = given(shape);
  demand(
    target.length === 4 && target[0] === x.shape[0] && target[3] === x.shape[3],
    () => `images ${formatShape(x.shape)} cannot be resized to ${formatShape(target)}`,
  );
  demand(
    !(attrs.alignCorners && attrs.halfPixelCenters),
    () => 'alignCorners and halfPixelCenters exclude each other',
  );
  return { shape: target, dtype: x.dtype };
};

/** Kernels that move values without computing new ones, and resizes. */
export const movementInference: InferTable = {
  FromPixels: ([frame], attrs) => ({
    shape: [...frame.shape, attrs.channels as number],
    dtype: 'int32',
  }),
  Reshape: reshape,
  Transpose: transpose,
  Slice: slice,
  PadV2: pad,
  MirrorPad: mirrorPad,
  Concat: concat,
  Tile: tile,
  BroadcastTo: broadcastTo,
  Reverse: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  GatherV2: gather,
  Diag: ([x]) => ({ shape: [...x.shape, ...x.shape], dtype: x.dtype }),
  ResizeNearestNeighbor: resize,
  // tfjs interpolates integers too, and answers in float32.
  ResizeBilinear: (inputs, attrs, shape) => ({ ...resize(inputs, attrs, shape), dtype: 'float32' }),
};
