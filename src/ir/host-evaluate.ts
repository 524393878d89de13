/** Primitives in JavaScript, for constants that are known while compiling. */
import { scalarOp } from './expression';
import { sizeOf, stridesOf, type Attrs, type DType, type HostData, type Shape } from './graph';

/** A value whose elements are known, in row-major order. */
export interface HostTensor {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: HostData;
}

/** Computes a primitive; `out` is the inferred output. */
type Evaluator = (
  inputs: readonly HostTensor[],
  attrs: Attrs,
  out: Pick<HostTensor, 'shape' | 'dtype'>,
) => HostData;

/** Element storage as tfjs keeps it: bools are bytes of 0 and 1. */
export function hostData(dtype: DType, source: number | ArrayLike<number>): HostData {
  const length = typeof source === 'number' ? source : source.length;
  const constructors = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };
  const data = new constructors[dtype](length);
  if (typeof source !== 'number') data.set(source);
  return data;
}

/** Calls `visit` with the coordinates of each element of `shape`, reusing one array. */
export function forEachIndex(shape: Shape, visit: (coords: number[], flat: number) => void): void {
  const coords = new Array<number>(shape.length).fill(0);
  const size = sizeOf(shape);
  for (let flat = 0; flat < size; flat++) {
    visit(coords, flat);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++coords[axis] < shape[axis]) break;
      coords[axis] = 0;
    }
  }
}

/** An evaluator that fetches each output element from one input element, or from `fill`. */
function movement(
  source: (coords: readonly number[], x: HostTensor, attrs: Attrs) => number[] | undefined,
): Evaluator {
  return ([x], attrs, out) => {
    const strides = stridesOf(x.shape);
    const result = hostData(out.dtype, sizeOf(out.shape));
    const fill = (attrs.constantValue as number | undefined) ?? 0;
    forEachIndex(out.shape, (coords, flat) => {
      const from = source(coords, x, attrs);
      result[flat] = from
        ? x.data[from.reduce((sum, at, axis) => sum + at * strides[axis], 0)]
        : fill;
    });
    return result;
  };
}

const broadcast = movement((coords, x) =>
  x.shape.map((dim, axis) => coords[coords.length - x.shape.length + axis] % dim),
);

const evaluateConcat: Evaluator = (inputs, attrs, out) => {
  const axis = attrs.axis as number;
  const result = hostData(out.dtype, sizeOf(out.shape));
  const inner = sizeOf(out.shape.slice(axis + 1));
  const outer = sizeOf(out.shape.slice(0, axis));
  let offset = 0;
  for (const { shape, data } of inputs) {
    const run = shape[axis] * inner;
    for (let row = 0; row < outer; row++) {
      result.set(data.subarray(row * run, (row + 1) * run), row * out.shape[axis] * inner + offset);
    }
    offset += run;
  }
  return result;
};

const evaluateGather: Evaluator = ([x, indices], attrs, out) => {
  const { axis, batchDims } = attrs as { axis: number; batchDims: number };
  const xStrides = stridesOf(x.shape);
  const indexStrides = stridesOf(indices.shape);
  const picked = indices.shape.length - batchDims;
  const result = hostData(out.dtype, sizeOf(out.shape));
  forEachIndex(out.shape, (coords, flat) => {
    const at = [...coords.slice(0, batchDims), ...coords.slice(axis, axis + picked)];
    const index = indices.data[at.reduce((sum, c, i) => sum + c * indexStrides[i], 0)];
    const from = [...coords.slice(0, axis), index, ...coords.slice(axis + picked)];
    const inside = index >= 0 && index < x.shape[axis];
    result[flat] = inside ? x.data[from.reduce((sum, c, i) => sum + c * xStrides[i], 0)] : 0;
  });
  return result;
};

/** Folds the reduced elements of each output element, in row-major order. */
function reduction(
  start: number,
  step: (total: number, element: number) => number,
  finish: (total: number, count: number) => number = (total) => total,
): Evaluator {
  return ([x], attrs, out) => {
    const axes = attrs.axes as number[];
    const size = sizeOf(out.shape);
    const kept = x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
    const strides = stridesOf(kept).map((stride, axis) => (axes.includes(axis) ? 0 : stride));
    const totals = new Float64Array(size).fill(start);
    forEachIndex(x.shape, (coords, flat) => {
      const at = coords.reduce((sum, c, axis) => sum + c * strides[axis], 0);
      totals[at] = step(totals[at], x.data[flat]);
    });
    const count = x.data.length / size;
    return hostData(
      out.dtype,
      totals.map((total) => finish(total, count)),
    );
  };
}

const evaluators: Readonly<Record<string, Evaluator>> = {
  Reshape: ([x]) => x.data,
  Transpose: movement((coords, _x, attrs) => {
    const source: number[] = [];
    (attrs.perm as number[]).forEach((axis, at) => (source[axis] = coords[at]));
    return source;
  }),
  Slice: movement((coords, _x, attrs) => {
    const begin = attrs.begin as number[];
    const strides = attrs.strides as number[];
    return coords.map((at, axis) => begin[axis] + at * strides[axis]);
  }),
  PadV2: movement((coords, x, attrs) => {
    const paddings = attrs.paddings as [number, number][];
    const source = coords.map((at, axis) => at - paddings[axis][0]);
    return source.every((at, axis) => at >= 0 && at < x.shape[axis]) ? source : undefined;
  }),
  Tile: broadcast,
  BroadcastTo: broadcast,
  Reverse: movement((coords, x, attrs) => {
    const dims = attrs.dims as number[];
    return coords.map((at, axis) => (dims.includes(axis) ? x.shape[axis] - 1 - at : at));
  }),
  Diag: movement((coords, x) => {
    const row = coords.slice(0, x.shape.length);
    return row.every((at, axis) => at === coords[row.length + axis]) ? row : undefined;
  }),
  Concat: evaluateConcat,
  GatherV2: evaluateGather,
  Sum: reduction(0, (total, element) => total + element),
  Mean: reduction(
    0,
    (total, element) => total + element,
    (total, count) => total / count,
  ),
  Prod: reduction(1, (total, element) => total * element),
  Max: reduction(-Infinity, Math.max),
  Min: reduction(Infinity, Math.min),
  All: reduction(1, Math.min),
  Any: reduction(0, Math.max),
};

/** The elements of an operand for each element of the output; mostly they are the operand's own. */
function stretched(input: HostTensor, out: Pick<HostTensor, 'shape'>): HostData {
  const size = sizeOf(out.shape);
  if (input.data.length === size) return input.data;
  if (input.data.length === 1) return hostData(input.dtype, size).fill(input.data[0]);
  return broadcast([input], {}, { shape: out.shape, dtype: input.dtype });
}

function evaluateElementwise(kernel: string): Evaluator | undefined {
  const op = scalarOp(kernel);
  if (!op) return undefined;
  return (inputs, attrs, out) => {
    const operands = inputs.map((input) => stretched(input, out));
    const types = inputs.map((input) => input.dtype);
    const result = hostData(out.dtype, sizeOf(out.shape));
    const elements = new Array<number>(operands.length).fill(0);
    for (let i = 0; i < result.length; i++) {
      // Folding batch norms takes thousands of these: one array, and no closure for each.
      for (let at = 0; at < operands.length; at++) elements[at] = operands[at][i];
      result[i] = op.evaluate(elements, types, attrs);
    }
    return result;
  };
}

/**
 * Evaluates a primitive whose inputs are all known. Meant for the small values that shapes and
 * indices are computed with.
 *
 * @returns `out`'s elements, or undefined for a kernel that is not evaluated on the host.
 */
export function evaluateOnHost(
  kernel: string,
  inputs: readonly HostTensor[],
  attrs: Attrs,
  out: Pick<HostTensor, 'shape' | 'dtype'>,
): HostData | undefined {
  const evaluate = evaluators[kernel] ?? evaluateElementwise(kernel);
  return evaluate?.(inputs, attrs, out);
}
