/**
 * Gradients of convolutions and pools. That of a filter is itself a convolution: its taps are the pixels of what came
 * back, as far apart as the strides, and it slides over the image by the dilations.
 */
import type { GraphBuilder } from '../ir/builder';
import { sameShape, type Shape, type Value } from '../ir/graph';
import type { WindowAttrs } from '../ir/infer/window';
import { demand } from '../ir/infer/refused';
import { demandRank, formatShape } from '../ir/infer/shape';
import { toNhwc } from './layout';
import { lowering } from './lowering';
import { pairOf, windowOf, type Extent, type PaddedAttrs, type Window } from './padding';

/** One axis of an image under windows. */
interface AxisUse {
  readonly length: number;
  /** How much of the image windows reach, or would if it went on: what is behind that is read by none. */
  readonly reach: number;
}

/** The image as far as windows reach, and the padding that makes it as large. */
function coveredImage(
  b: GraphBuilder,
  image: Value,
  dy: Value,
  [height, width]: readonly [number, number],
  { strides, dilations, pad }: Window,
): { readonly covered: Value; readonly attrs: WindowAttrs } {
  const axes = [height, width].map((taps, axis): AxisUse => {
    const before = axis === 0 ? pad.top : pad.left;
    const outputs = dy.shape[axis + 1];
    const extent = (outputs - 1) * strides[axis] + (taps - 1) * dilations[axis] + 1;
    return { length: image.shape[axis + 1], reach: extent - before };
  });
  demand(
    axes.every(({ reach }) => reach > 0),
    () => 'its windows lie in front of the image',
  );
  const [rows, columns] = axes.map(({ length, reach }) => Math.min(length, reach));
  const [bottom, right] = axes.map(({ length, reach }) => Math.max(0, reach - length));
  const [batch, , , channels] = image.shape;
  return {
    covered: b.slice(image, [0, 0, 0, 0], [batch, rows, columns, channels]),
    attrs: {
      strides: dilations,
      dilations: strides,
      pad: { top: pad.top, bottom, left: pad.left, right },
    },
  };
}

interface FilterGradientAttrs extends PaddedAttrs {
  readonly filterShape: Shape;
}

/** Image, gradient and window of a filter's gradient; refuses what is no convolution of these. */
function filterGradient(
  b: GraphBuilder,
  x: Value,
  dy: Value,
  attrs: FilterGradientAttrs,
): { readonly image: Value; readonly gradient: Value; readonly window: Window } {
  const { filterShape, dataFormat } = attrs;
  demandRank(x, 4, 'input');
  demandRank(dy, 4, 'gradient');
  demand(filterShape.length === 4, () => `filter ${formatShape(filterShape)}`);
  demand(x.dtype === 'float32' && dy.dtype === 'float32', () => 'an operand is no float');
  const [image, gradient] = [x, dy].map((value) => toNhwc(b, value, dataFormat));
  const window = windowOf(image.shape, [filterShape[0], filterShape[1]], attrs);
  window.checkSize(gradient);
  demand(image.shape[0] === gradient.shape[0], () => 'its batches differ');
  return { image, gradient, window };
}

/** Channels of the image are the batch, the batch is the depth: [in, rows, columns, batch] · [taps…, batch, out]. */
function convFilterGradient(
  b: GraphBuilder,
  x: Value,
  dy: Value,
  attrs: FilterGradientAttrs,
): Value {
  const { image, gradient, window } = filterGradient(b, x, dy, attrs);
  const [height, width, channels, outputs] = attrs.filterShape;
  demand(
    image.shape[3] === channels && gradient.shape[3] === outputs,
    () => `filter ${formatShape(attrs.filterShape)} of other channels`,
  );
  const covered = coveredImage(b, image, gradient, [height, width], window);
  const pixels = b.transpose(covered.covered, [3, 1, 2, 0]);
  const taps = b.transpose(gradient, [1, 2, 0, 3]);
  const { strides, dilations, pad } = covered.attrs;
  const dw = b.op('Conv2D', [pixels, taps], { strides, dilations, pad });
  return b.transpose(dw, [1, 2, 0, 3]);
}

/** Each image of the batch has filters of its own, which are added up. */
function depthwiseFilterGradient(
  b: GraphBuilder,
  x: Value,
  dy: Value,
  attrs: FilterGradientAttrs,
): Value {
  const { image, gradient, window } = filterGradient(b, x, dy, attrs);
  const [height, width, channels, multiplier] = attrs.filterShape;
  const [batch, rows, columns, outputs] = gradient.shape;
  demand(
    image.shape[3] === channels && outputs === channels * multiplier,
    () => `filter ${formatShape(attrs.filterShape)} of other channels`,
  );
  const { covered, attrs: spread } = coveredImage(b, image, gradient, [height, width], window);
  const [, coveredRows, coveredColumns] = covered.shape;
  const side = (value: Value, shape: Shape): Value =>
    b.reshape(b.transpose(value, [1, 2, 0, 3]), shape);
  const pixels = side(covered, [1, coveredRows, coveredColumns, batch * channels]);
  const taps = side(gradient, [rows, columns, batch * channels, multiplier]);
  const { strides, dilations, pad } = spread;
  const each = b.op('DepthwiseConv2dNative', [pixels, taps], { strides, dilations, pad });
  const byImage = b.reshape(each, [height, width, batch, channels, multiplier]);
  return b.op('Sum', [byImage], { axes: [2], keepDims: false });
}

interface InputGradientAttrs extends PaddedAttrs {
  readonly inputShape: Shape;
}

function depthwiseInputGradient(
  b: GraphBuilder,
  dy: Value,
  filter: Value,
  attrs: InputGradientAttrs,
): Value {
  demandRank(filter, 4, 'filter');
  const { inputShape } = attrs;
  demand(inputShape.length === 4, () => `its result is of shape ${formatShape(inputShape)}`);
  const window = windowOf(inputShape, [filter.shape[0], filter.shape[1]], attrs);
  window.checkSize(dy);
  const { strides, dilations, pad } = window;
  demand(
    sameShape(strides, [1, 1]) || sameShape(dilations, [1, 1]),
    () => `strides ${strides} together with dilations ${dilations}`,
  );
  const kernel = 'DepthwiseConv2dNativeBackpropInput';
  return b.op(kernel, [dy, filter], { strides, dilations, pad }, b.origins, inputShape);
}

interface PoolGradientAttrs extends Omit<PaddedAttrs, 'dilations' | 'dataFormat'> {
  readonly filterSize: Extent;
}

function poolWindow(x: Value, dy: Value, attrs: PoolGradientAttrs) {
  demandRank(x, 4, 'input');
  demand(x.dtype === 'float32', () => `input is ${x.dtype}; needs float32`);
  const filterSize = pairOf(attrs.filterSize);
  const window = windowOf(x.shape, filterSize, attrs);
  window.checkSize(dy);
  const { strides, dilations, pad } = window;
  return { filterSize, strides, dilations, pad };
}

/** Where the maxima are is asked of the image: what it gave may have been rounded otherwise in another kernel. */
function maxPoolGradient(b: GraphBuilder, dy: Value, x: Value, attrs: PoolGradientAttrs): Value {
  const window = poolWindow(x, dy, attrs);
  const [, positions] = b.ops('MaxPoolPositions', [x], window);
  return b.op('MaxPoolGrad', [dy, positions], window, b.origins, x.shape);
}

function avgPoolGradient(b: GraphBuilder, dy: Value, x: Value, attrs: PoolGradientAttrs): Value {
  return b.op('AvgPoolGrad', [dy], poolWindow(x, dy, attrs), b.origins, x.shape);
}

export const windowGradientLowerings = {
  Conv2DBackpropFilter: lowering(['x', 'dy'], (b, [x, dy], attrs: FilterGradientAttrs) =>
    convFilterGradient(b, x, dy, attrs),
  ),
  DepthwiseConv2dNativeBackpropFilter: lowering(
    ['x', 'dy'],
    (b, [x, dy], attrs: FilterGradientAttrs) => depthwiseFilterGradient(b, x, dy, attrs),
  ),
  DepthwiseConv2dNativeBackpropInput: lowering(
    ['dy', 'filter'],
    (b, [dy, filter], attrs: InputGradientAttrs) => depthwiseInputGradient(b, dy, filter, attrs),
  ),
  MaxPoolGrad: lowering(['dy', 'input', 'output'], (b, [dy, x], attrs: PoolGradientAttrs) =>
    maxPoolGradient(b, dy, x, attrs),
  ),
  AvgPoolGrad: lowering(['dy', 'input'], (b, [dy, x], attrs: PoolGradientAttrs) =>
    avgPoolGradient(b, dy, x, attrs),
  ),
};
