/** Shapes of what combines the elements of an axis: reductions, running sums, products, softmax. */
import type { Attrs, DType, Shape, Value } from '../graph';
import type { InferFunction, InferManyTable, InferTable } from './table';
import { demand } from './refused';
import { nonMaxSuppression } from './non-max-suppression';
import { topK } from './top-k';
import { broadcastShapes, demandSameType, formatShape } from './shape';

function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): number[] {
  if (keepDims) return shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  return shape.filter((_, axis) => !axes.includes(axis));
}

/** `types`: what the kernel makes of each input dtype; a missing one has no form. */
function reduction(types: Partial<Record<DType, DType>>): InferFunction {
  return ([x]: readonly Value[], attrs: Attrs) => {
    const dtype = types[x.dtype];
    demand(dtype !== undefined, () => `no form for ${x.dtype}`);
    const axes = attrs.axes as number[];
    demand(
      axes.every((axis, at) => axis in x.shape && axes.indexOf(axis) === at),
      () => `no axes ${axes.join()} of ${formatShape(x.shape)}`,
    );
    return { shape: reducedShape(x.shape, axes, attrs.keepDims as boolean), dtype: dtype as DType };
  };
}

const cumulative: InferFunction = ([x]) => {
  demand(x.dtype !== 'bool', () => 'no form for bool');
  return { shape: x.shape, dtype: x.dtype };
};

const argExtreme: InferFunction = ([x], attrs) => ({
  shape: x.shape.filter((_, axis) => axis !== attrs.axis),
  dtype: 'int32',
});

const batchMatMul: InferFunction = ([a, b], attrs) => {
  const [rowsA, innerA] = matrixDims(a.shape, attrs.transposeA as boolean);
  const [innerB, columnsB] = matrixDims(b.shape, attrs.transposeB as boolean);
  demand(
    a.shape.length === b.shape.length && a.shape.length >= 2 && innerA === innerB,
    () => `matrices ${formatShape(a.shape)} and ${formatShape(b.shape)} do not fit`,
  );
  const batch = broadcastShapes([a.shape.slice(0, -2), b.shape.slice(0, -2)]);
  const parts = attrs.parts === undefined ? [] : [attrs.parts as number];
  return { shape: [...parts, ...batch, rowsA, columnsB], dtype: demandSameType([a, b]) };
};

function matrixDims(shape: Shape, transposed: boolean): [number, number] {
  const [rows, columns] = shape.slice(-2);
  return transposed ? [columns, rows] : [rows, columns];
}

const softmax: InferFunction = ([logits]) => {
  demand(logits.dtype === 'float32', () => `logits are ${logits.dtype}; needs float32`);
  demand(logits.shape.length > 0, () => 'logits are a scalar');
  return { shape: logits.shape, dtype: 'float32' };
};

/** Mean and variance, each as a mean. */
const moments: InferManyTable[string] = ([x], attrs) => {
  demand(x.dtype === 'float32', () => `x is ${x.dtype}; needs float32`);
  const shape = reducedShape(x.shape, attrs.axes as number[], attrs.keepDims as boolean);
  return [
    { shape, dtype: 'float32' },
    { shape, dtype: 'float32' },
  ];
};

/** Elements whose ranks one workgroup finds out. */
const MAX_POSITIONS = 2 ** 16;

/** Positions of what is true, those of all else behind them, and how many are true. */
const where: InferManyTable[string] = ([{ shape, dtype }]) => {
  demand(
    dtype === 'bool' && shape.length === 1 && shape[0] > 0 && shape[0] <= MAX_POSITIONS,
    () => `a condition ${formatShape(shape)} of ${dtype}; needs 1 to ${MAX_POSITIONS} bools`,
  );
  return [
    { shape, dtype: 'int32' },
    { shape: [], dtype: 'int32' },
  ];
};

/** Kernels that combine the elements of an axis in more than one way. */
export const reductionsInference: InferManyTable = {
  Moments: moments,
  TopK: topK,
  Where: where,
  NonMaxSuppression: nonMaxSuppression,
};

const numeric = { float32: 'float32', int32: 'int32' } as const;

/** Kernels that combine the elements of an axis. */
export const reductionInference: InferTable = {
  Sum: reduction(numeric),
  Prod: reduction(numeric),
  Max: reduction(numeric),
  Min: reduction(numeric),
  Mean: reduction({ float32: 'float32', int32: 'float32' }),
  All: reduction({ bool: 'bool' }),
  Any: reduction({ bool: 'bool' }),
  Cumsum: cumulative,
  Cumprod: cumulative,
  ArgMax: argExtreme,
  ArgMin: argExtreme,
  BatchMatMul: batchMatMul,
  Softmax: softmax,
  LogSoftmax: softmax,
};
