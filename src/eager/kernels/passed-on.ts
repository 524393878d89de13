/** Invocations that stock answers with their input, or a view of it: there is nothing to compute. */
import { util, type DataType } from '@tensorflow/tfjs-core';
import { sameShape, type Attrs, type Value } from '../../ir/graph';

/** Whether stock passes its input on; `result` is what the lowering made of it. */
type Test = (operands: readonly Value[], attrs: Attrs, result: Value) => boolean;

const isAlone: Test = (operands) => operands.length === 1;

const isOnePixel: Test = ([x], { filterSize }, { shape }) =>
  [filterSize as number | number[]].flat().every((size) => size === 1) && sameShape(x.shape, shape);

const passedOn: Readonly<Record<string, Test>> = {
  AddN: isAlone,
  Concat: isAlone,
  Pack: isAlone,
  AvgPool: isOnePixel,
  MaxPool: isOnePixel,
  Cast: ([x], { dtype }) => !util.hasEncodingLoss(x.dtype, dtype as DataType),
  PadV2: (_, { paddings }) => (paddings as number[][]).flat().every((width) => width === 0),
  Reverse: ([x]) => x.shape.length === 0,
  Einsum: ([x], _, result) => result === x,
  StridedSlice: ([x], _, result) => result === x || isViewOf(x, result),
};

function isViewOf(x: Value, { producer }: Value): boolean {
  return producer?.kernel === 'Reshape' && producer.inputs[0] === x;
}

export function isPassedOn(
  kernel: string,
  operands: readonly (Value | undefined)[],
  attrs: Attrs,
  result: Value,
): boolean {
  return passedOn[kernel]?.(operands as readonly Value[], attrs, result) ?? false;
}
