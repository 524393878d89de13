/** Shapes of what slides a window over an image: convolutions and pools. */
import type { Attrs, Shape, Value } from '../graph';
import type { InferTable } from './table';
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
};
