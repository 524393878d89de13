/** Kernels that make values from attributes or indices. */
import type { GraphBuilder } from '../ir/builder';
import type { DType, Shape, Value } from '../ir/graph';
import { demand } from '../ir/infer/refused';
import { lowering } from './lowering';
import { irType } from './types';

/** A value of one repeated element. */
export function fill(b: GraphBuilder, shape: Shape, element: number, dtype: DType): Value {
  return b.broadcastTo(b.scalar(element, dtype), shape);
}

const like = (element: number) => lowering(['x'], (b, [x]) => fill(b, x.shape, element, x.dtype));

interface FillAttrs {
  readonly shape: Shape;
  readonly value: number | boolean | string;
  readonly dtype?: string;
}

/** The type that tfjs gives to a number from JavaScript. */
const TYPE_OF = { number: 'float32', boolean: 'bool', string: 'string' } as const;

interface RangeAttrs {
  readonly start: number;
  readonly stop: number;
  readonly step: number;
  readonly dtype: 'float32' | 'int32';
}

function range(b: GraphBuilder, { start, stop, step: given, dtype }: RangeAttrs): Value {
  demand(given !== 0, () => 'step is 0');
  const isEmpty = start === stop || (start < stop && given < 0) || (stop < start && given > 1);
  const length = isEmpty ? 0 : Math.abs(Math.ceil((stop - start) / given));
  const step = stop < start && given === 1 ? -1 : given;
  return b.hostConstant([length], dtype, accumulate(length, start, step, dtype));
}

/** tfjs adds in the precision of the output. */
function accumulate(length: number, start: number, step: number, dtype: DType): Float64Array {
  const round = dtype === 'float32' ? Math.fround : Math.trunc;
  const values = new Float64Array(length);
  for (let i = 0; i < length; i++) values[i] = i === 0 ? round(start) : round(values[i - 1] + step);
  return values;
}

interface LinSpaceAttrs {
  readonly start: number;
  readonly stop: number;
  readonly num: number;
}

function linSpace(b: GraphBuilder, { start, stop, num }: LinSpaceAttrs): Value {
  demand(num > 0, () => `num is ${num}`);
  const step = (stop - start) / (num - 1);
  return b.hostConstant([num], 'float32', accumulate(num, start, step, 'float32'));
}

interface OneHotAttrs {
  readonly depth: number;
  readonly onValue: number;
  readonly offValue: number;
  /** int32 if absent. */
  readonly dtype?: string;
}

function oneHot(b: GraphBuilder, indices: Value, attrs: OneHotAttrs): Value {
  const { depth, onValue, offValue } = attrs;
  demand(depth >= 2, () => `depth is ${depth}`);
  const dtype = irType(attrs.dtype ?? 'int32');
  const numbers = Array.from({ length: depth }, (_, column) => column);
  const columns = b.hostConstant([depth], indices.dtype, numbers);
  const hit = b.op('Equal', [b.reshape(indices, [...indices.shape, 1]), columns]);
  return b.op('Select', [hit, b.scalar(onValue, dtype), b.scalar(offValue, dtype)]);
}

export const sourceLowerings = {
  Fill: lowering([], (b, _, { shape, value, dtype }: FillAttrs) =>
    fill(b, shape, Number(value), irType(dtype ?? TYPE_OF[typeof value as keyof typeof TYPE_OF])),
  ),
  ZerosLike: like(0),
  OnesLike: like(1),
  Range: lowering([], (b, _, attrs: RangeAttrs) => range(b, attrs)),
  LinSpace: lowering([], (b, _, attrs: LinSpaceAttrs) => linSpace(b, attrs)),
  OneHot: lowering(['indices'], (b, [indices], attrs: OneHotAttrs) => oneHot(b, indices, attrs)),
};
