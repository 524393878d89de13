import { sizeOf, type Value } from '../../../src/ir/graph';
import { UNIT, type Draft, type Family, type Tracked } from './draft';
import { factorize } from './movement';

/** A sum of `count` products of elements of `x` and `y`, in any order. */
function products(draft: Draft, value: Value, count: number, x: Tracked, y: Tracked) {
  const magnitude = count * x.magnitude * y.magnitude;
  const each = x.magnitude * y.error + y.magnitude * x.error + x.error * y.error;
  return draft.accept(value, magnitude, count * (each + UNIT * magnitude));
}

const isFloat = ({ value }: Tracked) => value.dtype === 'float32';

/** An image: a value of rank 4, or one made so. */
function chooseImage(draft: Draft): Tracked | null {
  const x = draft.choose(isFloat);
  if (!x || x.value.shape.length === 4) return x;
  const shape = [1, ...factorize(draft, sizeOf(x.value.shape), 3)];
  return { ...x, value: draft.b.reshape(x.value, shape) };
}

function windowAttrs(draft: Draft) {
  const strides = [1 + draft.pick(3), 1 + draft.pick(2)];
  const [top, bottom, left, right] = [0, 1, 2, 3].map(() => draft.pick(3));
  return { strides, dilations: [1, 1], pad: { top, bottom, left, right } };
}

/** A window that fits into the padded image. */
function windowSize(draft: Draft, shape: readonly number[]): [number, number] {
  return [1 + draft.pick(Math.min(3, shape[1])), 1 + draft.pick(Math.min(3, shape[2]))];
}

const conv2d: Family = (draft) => {
  const x = chooseImage(draft);
  if (!x) return null;
  const size = windowSize(draft, x.value.shape);
  const channels = x.value.shape[3];
  const filter = draft.constant([...size, channels, draft.pickFrom([1, 4, 5, 8])]);
  const result = draft.b.op('Conv2D', [x.value, filter.value], windowAttrs(draft));
  return products(draft, result, size[0] * size[1] * channels, x, filter);
};

const depthwise: Family = (draft) => {
  const x = chooseImage(draft);
  if (!x) return null;
  const size = windowSize(draft, x.value.shape);
  const filter = draft.constant([...size, x.value.shape[3], 1 + draft.pick(2)]);
  const inputs = [x.value, filter.value];
  const result = draft.b.op('DepthwiseConv2dNative', inputs, windowAttrs(draft));
  return products(draft, result, size[0] * size[1], x, filter);
};

/** A depthwise convolution and a pointwise one, with a bias and a step in between, or without. */
const separable: Family = (draft) => {
  const { b } = draft;
  const x = chooseImage(draft);
  if (!x) return null;
  const size = windowSize(draft, x.value.shape);
  const filter = draft.constant([...size, x.value.shape[3], draft.pickFrom([1, 2, 4])]);
  const inputs = [x.value, filter.value];
  const image = b.op('DepthwiseConv2dNative', inputs, windowAttrs(draft));
  const hidden = products(draft, image, size[0] * size[1], x, filter);
  if (!hidden) return null;
  const channels = image.shape[3];
  const shift = draft.constant([channels]);
  const magnitude = hidden.magnitude + shift.magnitude;
  const between = draft.flag()
    ? {
        value: b.op('Add', [image, shift.value]),
        magnitude,
        error: hidden.error + UNIT * magnitude,
      }
    : hidden;
  const value = draft.flag() ? b.op('Relu', [between.value]) : between.value;
  // Now and then the image is a value of its own, which others may read.
  if (draft.pick(4) === 3) draft.values.push({ ...between, value });
  const weights = draft.constant([1, 1, channels, draft.pickFrom([1, 4, 5, 8])]);
  const [one, pad] = [[1, 1], { top: 0, bottom: 0, left: 0, right: 0 }];
  const attrs = { strides: one, dilations: one, pad };
  const result = b.op('Conv2D', [value, weights.value], attrs);
  return products(draft, result, channels, { ...between, value }, weights);
};

const matmul: Family = (draft) => {
  const a = draft.choose((x) => isFloat(x) && x.value.shape.length >= 2);
  if (!a) return null;
  const [transposeA, transposeB] = [draft.flag(), draft.flag()];
  const { shape } = a.value;
  const depth = shape[shape.length - (transposeA ? 2 : 1)];
  const columns = draft.pickFrom([1, 4, 7]);
  const matrix = transposeB ? [columns, depth] : [depth, columns];
  const batch = shape.slice(0, -2).map((dim) => (draft.flag() ? dim : 1));
  const other = draft.constant([...batch, ...matrix]);
  const attrs = { transposeA, transposeB };
  const result = draft.b.op('BatchMatMul', [a.value, other.value], attrs);
  return products(draft, result, depth, a, other);
};

/** `x · xᵀ`: a product of two computed values. */
const gram: Family = (draft) => {
  const a = draft.choose((x) => isFloat(x) && x.value.shape.length >= 2);
  if (!a) return null;
  const attrs = { transposeA: false, transposeB: true };
  const result = draft.b.op('BatchMatMul', [a.value, a.value], attrs);
  return products(draft, result, a.value.shape[a.value.shape.length - 1], a, a);
};

function chooseAxes(draft: Draft, x: Value): number[] {
  const axes = x.shape.map((_, axis) => axis).filter(() => draft.flag());
  return axes.length > 0 ? axes : [draft.pick(x.shape.length)];
}

/** A reduction; `bound` is told how many elements become one. */
function reduction(
  kernels: readonly string[],
  fits: (x: Tracked) => boolean,
  bound: (x: Tracked, count: number) => { magnitude: number; error: number },
): Family {
  return (draft) => {
    const x = draft.choose((tracked) => fits(tracked) && tracked.value.shape.length > 0);
    if (!x) return null;
    const axes = chooseAxes(draft, x.value);
    const count = sizeOf(axes.map((axis) => x.value.shape[axis]));
    const attrs = { axes, keepDims: draft.flag() };
    const result = draft.b.op(draft.pickFrom(kernels), [x.value], attrs);
    const { magnitude, error } = bound(x, count);
    return draft.accept(result, magnitude, error);
  };
}

const notBool = ({ value }: Tracked) => value.dtype !== 'bool';
const total = ({ magnitude, error }: Tracked, count: number) => ({
  magnitude: count * magnitude,
  error: count * (error + UNIT * count * magnitude),
});

const argReduction: Family = (draft) => {
  const x = draft.choose((v) => v.error === 0 && notBool(v) && v.value.shape.length > 0);
  if (!x) return null;
  const axis = draft.pick(x.value.shape.length);
  const kernel = draft.pickFrom(['ArgMax', 'ArgMin']);
  return draft.accept(draft.b.op(kernel, [x.value], { axis }), x.value.shape[axis], 0);
};

const cumsum: Family = (draft) => {
  const x = draft.choose((v) => notBool(v) && v.value.shape.length > 0);
  if (!x) return null;
  const axis = draft.pick(x.value.shape.length);
  const attrs = { axis, exclusive: draft.flag(), reverse: draft.flag() };
  const { magnitude, error } = total(x, x.value.shape[axis]);
  return draft.accept(draft.b.op('Cumsum', [x.value], attrs), magnitude, error);
};

const topK: Family = (draft) => {
  const x = draft.choose((v) => v.error === 0 && v.value.shape.length > 0);
  if (!x) return null;
  const columns = x.value.shape[x.value.shape.length - 1];
  const attrs = { k: 1 + draft.pick(columns), partLength: columns };
  const [values, indices] = draft.b.ops('TopK', [x.value], attrs);
  return draft.flag()
    ? draft.accept(values, x.magnitude, 0)
    : draft.accept(indices, Math.max(1, columns), 0);
};

const where: Family = (draft) => {
  const x = draft.choose(
    (v) => v.value.dtype === 'bool' && v.error === 0 && v.value.shape.length > 0,
  );
  if (!x) return null;
  const count = sizeOf(x.value.shape);
  const [positions, total] = draft.b.ops('Where', [draft.b.reshape(x.value, [count])]);
  return draft.accept(draft.flag() ? positions : total, count, 0);
};

const maxPool: Family = (draft) => {
  const x = chooseImage(draft);
  if (!x) return null;
  const filterSize = windowSize(draft, x.value.shape);
  // Every window must hold an element: a maximum of none is -Infinity, which no bound is good for.
  const pad = { top: 0, bottom: filterSize[0] - 1, left: 0, right: filterSize[1] - 1 };
  const attrs = { ...windowAttrs(draft), filterSize, pad };
  return draft.moved(x, draft.b.op('MaxPool', [x.value], attrs));
};

const avgPool: Family = (draft) => {
  const x = chooseImage(draft);
  if (!x) return null;
  const filterSize = windowSize(draft, x.value.shape);
  const pad = { top: filterSize[0] - 1, bottom: 0, left: filterSize[1] - 1, right: 0 };
  const attrs = { ...windowAttrs(draft), filterSize, pad };
  const result = draft.b.op('AvgPool', [x.value], attrs);
  return draft.accept(result, x.magnitude, x.error + 16 * UNIT * x.magnitude);
};

const softmax: Family = (draft) => {
  const x = draft.choose((v) => isFloat(v) && v.value.shape.length > 0);
  if (!x) return null;
  const log = draft.flag();
  const count = x.value.shape[x.value.shape.length - 1];
  const result = draft.b.op(log ? 'LogSoftmax' : 'Softmax', [x.value]);
  const own = (8 + 8 * x.magnitude + count) * UNIT;
  const magnitude = log ? 2 * x.magnitude + Math.log(count) : 1;
  return draft.accept(result, magnitude, 2 * x.error + own * Math.max(1, magnitude));
};

const resizeBilinear: Family = (draft) => {
  const x = chooseImage(draft);
  if (!x) return null;
  const [alignCorners, halfPixelCenters] = draft.pickFrom([
    [false, false],
    [true, false],
    [false, true],
  ]);
  const [batch, , , channels] = x.value.shape;
  const shape = [batch, 1 + draft.pick(6), 1 + draft.pick(6), channels];
  const attrs = { alignCorners, halfPixelCenters };
  const result = draft.b.op('ResizeBilinear', [x.value], attrs, [], shape);
  return draft.accept(result, x.magnitude, 2 * x.error + 32 * UNIT * x.magnitude);
};

/** Kernels with loops of their own that are exact on integers. */
export const exactAnchors: readonly Family[] = [
  conv2d,
  depthwise,
  separable,
  matmul,
  gram,
  maxPool,
  reduction(['Sum'], notBool, total),
  reduction(['Max', 'Min'], notBool, (x) => x),
  reduction(
    ['Any', 'All'],
    ({ value }) => value.dtype === 'bool',
    (x) => x,
  ),
  argReduction,
  cumsum,
  topK,
  where,
];

/** Kernels with loops of their own whose results are rounded. */
export const smoothAnchors: readonly Family[] = [
  conv2d,
  depthwise,
  separable,
  matmul,
  maxPool,
  avgPool,
  softmax,
  resizeBilinear,
  reduction(['Mean'], isFloat, (x, count) => ({
    magnitude: x.magnitude,
    error: x.error + (count + 4) * UNIT * x.magnitude,
  })),
  reduction(['Sum', 'Max'], isFloat, total),
  cumsum,
  topK,
  where,
];
