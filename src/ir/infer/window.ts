/** Shapes of what slides a window over an image: convolutions and pools. */
import { sameShape, type Attrs, type Shape, type Value } from '../graph';
import type { InferFunction, InferManyTable, InferTable } from './table';
import { demand, refuse } from './refused';
import { demandRank, formatShape } from './shape';

/** Rows and columns that a window adds around its input. */
export interface Padding2D {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** Attributes that convolutions and pools share. */
export interface WindowAttrs {
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly pad: Padding2D;
}

/** Positions of a window of `size` taps along an axis of `length`. */
export function windowPositions(
  length: number,
  size: number,
  stride: number,
  dilation: number,
  before: number,
  after: number,
): number {
  const extent = (size - 1) * dilation + 1;
  return Math.max(0, Math.floor((length + before + after - extent) / stride) + 1);
}

function outputPlane(x: Shape, size: readonly [number, number], attrs: WindowAttrs): number[] {
  const { strides, dilations, pad } = attrs;
  return [
    windowPositions(x[1], size[0], strides[0], dilations[0], pad.top, pad.bottom),
    windowPositions(x[2], size[1], strides[1], dilations[1], pad.left, pad.right),
  ];
}

function demandFloat(values: readonly Value[]): void {
  for (const value of values) {
    if (value.dtype !== 'float32') refuse(`operand is ${value.dtype}; needs float32`);
  }
}

function convolution(depthwise: boolean) {
  return (inputs: readonly Value[], attrs: Attrs) => {
    const [x, filter] = inputs;
    demandRank(x, 4, 'input');
    demandRank(filter, 4, 'filter');
    demandFloat(inputs);
    const [height, width, channels, last] = filter.shape;
    demand(
      x.shape[3] === channels,
      () => `input ${formatShape(x.shape)} does not match filter ${formatShape(filter.shape)}`,
    );
    const plane = outputPlane(x.shape, [height, width], attrs as unknown as WindowAttrs);
    const out = depthwise ? channels * last : last;
    const parts = attrs.parts === undefined ? [] : [attrs.parts as number];
    return { shape: [...parts, x.shape[0], ...plane, out], dtype: x.dtype };
  };
}

function pool(inputs: readonly Value[], attrs: Attrs) {
  const [x] = inputs;
  demandRank(x, 4, 'input');
  const filterSize = attrs.filterSize as [number, number];
  const plane = outputPlane(x.shape, filterSize, attrs as unknown as WindowAttrs);
  return { shape: [x.shape[0], ...plane, x.shape[3]], dtype: x.dtype };
}

/** A window over an image of `shape` must give the shape of `dy`, which has `multiplier` channels for each of it. */
function demandForward(
  dy: Value,
  size: readonly [number, number],
  attrs: Attrs,
  shape: Shape | undefined,
  multiplier = 1,
): Shape {
  demandRank(dy, 4, 'input');
  if (!shape) refuse('output shape is missing');
  const plane = outputPlane(shape, size, attrs as unknown as WindowAttrs);
  const expected = [shape[0], ...plane, shape[3] * multiplier];
  demand(
    sameShape(dy.shape, expected),
    () => `output ${formatShape(shape)} does not match input ${formatShape(dy.shape)}`,
  );
  return shape;
}

const poolGradient: InferFunction = ([dy, positions], attrs, shape) => {
  demandFloat([dy]);
  const filterSize = attrs.filterSize as [number, number];
  if (positions) {
    demand(
      positions.dtype === 'int32' && sameShape(positions.shape, dy.shape),
      () => `positions ${formatShape(positions.shape)} of ${formatShape(dy.shape)}`,
    );
  }
  return { shape: demandForward(dy, filterSize, attrs, shape), dtype: 'float32' };
};

const depthwiseGradient: InferFunction = ([dy, filter], attrs, shape) => {
  demandFloat([dy, filter]);
  demandRank(filter, 4, 'filter');
  const [height, width, channels, multiplier] = filter.shape;
  const image = demandForward(dy, [height, width], attrs, shape, multiplier);
  demand(image[3] === channels, () => `filter ${formatShape(filter.shape)} of other channels`);
  return { shape: image, dtype: 'float32' };
};

/** The forward convolution of `shape` must have the shape of `dy`. */
function transposedConvolution(inputs: readonly Value[], attrs: Attrs, shape?: Shape) {
  const [dy, filter] = inputs;
  demandRank(dy, 4, 'input');
  demandRank(filter, 4, 'filter');
  demandFloat(inputs);
  if (!shape) refuse('output shape is missing');
  const [height, width, out, channels] = filter.shape;
  const window = { dilations: [1, 1], ...attrs } as unknown as WindowAttrs;
  const plane = outputPlane(shape, [height, width], window);
  demand(
    shape[0] === dy.shape[0] &&
      plane[0] === dy.shape[1] &&
      plane[1] === dy.shape[2] &&
      dy.shape[3] === channels &&
      shape[3] === out,
    () =>
      `output ${formatShape(shape)} does not match input ${formatShape(dy.shape)} ` +
      `and filter ${formatShape(filter.shape)}`,
  );
  return { shape, dtype: dy.dtype };
}

/** Convolutions and pools, all NHWC. */
export const windowInference: InferTable = {
  Conv2D: convolution(false),
  DepthwiseConv2dNative: convolution(true),
  Conv2DBackpropInput: transposedConvolution,
  MaxPool: pool,
  AvgPool: pool,
  MaxPoolGrad: poolGradient,
  AvgPoolGrad: poolGradient,
  DepthwiseConv2dNativeBackpropInput: depthwiseGradient,
};

/** Pools of several outputs. */
export const windowsInference: InferManyTable = {
  MaxPoolPositions: (inputs, attrs) => {
    demandFloat(inputs);
    const { shape } = pool(inputs, attrs);
    return [
      { shape, dtype: 'float32' },
      { shape, dtype: 'int32' },
    ];
  },
};
