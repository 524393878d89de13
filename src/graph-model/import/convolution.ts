import { backend_util } from '@tensorflow/tfjs-core';
import type { Shape, Value } from '../../ir/graph';
import type { Padding2D } from '../../ir/infer/window';
import { demand, refuse } from '../../ir/infer/refused';
import { addBiasAndActivation } from './fused-ops';
import type { ImportTable, NodeImport } from './node-import';

type Pair = [number, number];

/** Padding as tfjs-core takes it. */
type PadArgument = 'same' | 'valid' | [Pair, Pair, Pair, Pair];

function padArgument(node: NodeImport): PadArgument {
  const pad = node.stringAttr('padding');
  if (pad === 'same' || pad === 'valid') return pad;
  if (pad !== 'explicit') refuse(`padding is ${pad}`);
  const flat = node.numbersAttr('explicit_paddings') ?? [];
  const at = (axis: number): Pair => [flat[2 * axis] ?? 0, flat[2 * axis + 1] ?? 0];
  return [at(0), at(1), at(2), at(3)];
}

/** tfjs reads positions 1 and 2 whatever the data format. */
function plane(values: readonly number[] | undefined): Pair {
  return [values?.[1] ?? 1, values?.[2] ?? 1];
}

/** The padding that tfjs computes for a window over an NHWC image. */
function resolvePadding(
  x: Shape,
  window: Pair,
  strides: Pair,
  dilations: Pair,
  pad: PadArgument,
): Padding2D {
  const filter: [number, number, number, number] = [...window, x[3], 1];
  const image = [...x] as [number, number, number, number];
  const info = backend_util.computeConv2DInfo(image, filter, strides, dilations, pad);
  const { top, bottom, left, right } = info.padInfo;
  return { top, bottom, left, right };
}

/** Rows and columns of explicit padding, from the positions that the data format gives them. */
function nhwcPadding(pad: PadArgument, channelsFirst: boolean): PadArgument {
  return channelsFirst && typeof pad !== 'string' ? [pad[0], pad[2], pad[3], pad[1]] : pad;
}

/** Runs a lowering of NHWC images on a rank-3 or rank-4 image of the node's own layout. */
function onImages(
  node: NodeImport,
  x: Value,
  channelsFirst: boolean,
  lower: (image: Value) => Value,
): Value {
  const batched = x.shape.length === 3 ? node.b.reshape(x, [1, ...x.shape]) : x;
  demand(batched.shape.length === 4, () => `input has rank ${x.shape.length}`);
  const image = channelsFirst ? node.b.transpose(batched, [0, 2, 3, 1]) : batched;
  const result = lower(image);
  const restored = channelsFirst ? node.b.transpose(result, [0, 3, 1, 2]) : result;
  return x.shape.length === 3 ? node.b.reshape(restored, restored.shape.slice(1)) : restored;
}

function convolve(kernel: string, finish: (node: NodeImport, y: Value) => Value) {
  return (node: NodeImport): Value => {
    const filter = node.input(1);
    const channelsFirst = node.stringAttr('data_format', 'nhwc') === 'nchw';
    const strides = plane(node.numbersAttr('strides'));
    const dilations = plane(node.numbersAttr('dilations'));
    demand(
      strides.every((stride) => stride === 1) || dilations.every((dilation) => dilation === 1),
      () => `strides ${strides} together with dilations ${dilations}`,
    );
    demand(filter.shape.length === 4, () => `filter has rank ${filter.shape.length}`);
    const window: Pair = [filter.shape[0], filter.shape[1]];
    const padding = nhwcPadding(padArgument(node), channelsFirst);
    return onImages(node, node.input(0), channelsFirst, (image) => {
      const pad = resolvePadding(image.shape, window, strides, dilations, padding);
      return finish(node, node.b.op(kernel, [image, filter], { strides, dilations, pad }));
    });
  };
}

function fusedTail(node: NodeImport, y: Value): Value {
  if (node.stringAttr('data_format', 'nhwc') === 'nchw') {
    // Vectors lie along the channels in both layouts; anything larger would have to be transposed.
    const vectors = node.inputs.slice(2).every((value) => value.shape.length <= 1);
    demand(vectors, () => 'data_format is NCHW and an operand is no vector');
  }
  return addBiasAndActivation(node, y);
}

const plain = (_node: NodeImport, y: Value) => y;

function conv1D(node: NodeImport): Value {
  const [x, filter] = [node.input(0), node.input(1)];
  const pad = node.stringAttr('padding');
  demand(node.stringAttr('data_format', 'nwc') === 'nwc', () => 'data_format is not NWC');
  demand(pad === 'same' || pad === 'valid', () => `padding is ${pad}`);
  const strides: Pair = [1, node.numberAttr('stride', 1)];
  const dilations: Pair = [1, node.numberAttr('dilation', 1)];
  const batched = x.shape.length === 2 ? [1, ...x.shape] : x.shape;
  demand(batched.length === 3 && filter.shape.length === 3, () => 'operands are not of rank 3');
  const image = node.b.reshape(x, [batched[0], 1, batched[1], batched[2]]);
  const kernel = node.b.reshape(filter, [1, ...filter.shape]);
  const window: Pair = [1, filter.shape[0]];
  const padding = resolvePadding(image.shape, window, strides, dilations, pad as 'same' | 'valid');
  const y = node.b.op('Conv2D', [image, kernel], { strides, dilations, pad: padding });
  const [batch, , width, channels] = y.shape;
  return node.b.reshape(y, x.shape.length === 2 ? [width, channels] : [batch, width, channels]);
}

/** Operands are: shape of the result, filter, image. */
function transposedConvolution(node: NodeImport): Value {
  demand(node.stringAttr('data_format', 'nhwc') === 'nhwc', () => 'tfjs ignores data_format NCHW');
  const [filter, dy] = [node.input(1), node.input(2)];
  const shape = node.numbers(0);
  const strides = plane(node.numbersAttr('strides'));
  demand(shape.length === 4 && dy.shape.length === 4, () => 'input is not of rank 4');
  const window: Pair = [filter.shape[0], filter.shape[1]];
  const pad = resolvePadding(shape, window, strides, [1, 1], padArgument(node));
  const attrs = { strides, pad };
  return node.b.op('Conv2DBackpropInput', [dy, filter], attrs, node.b.origins, shape);
}

function coversImage({ shape }: Value, [height, width]: Pair, pad: Padding2D): boolean {
  const unpadded = Object.values(pad).every((size) => size === 0);
  return unpadded && height === shape[1] && width === shape[2];
}

function pool(kernel: string) {
  return (node: NodeImport): Value => {
    demand(
      node.stringAttr('data_format', 'nhwc') === 'nhwc',
      () => 'tfjs ignores data_format NCHW of a pool',
    );
    demand(
      kernel === 'MaxPool' || node.input(0).dtype === 'float32',
      () => 'tfjs averages floats only',
    );
    const filterSize = plane(node.numbersAttr('ksize'));
    const strides = plane(node.numbersAttr('strides'));
    const dilations: Pair = [1, 1];
    const padding = padArgument(node);
    if (typeof padding !== 'string') refuse('tfjs has no explicit padding of a pool');
    return onImages(node, node.input(0), false, (image) => {
      const pad = resolvePadding(image.shape, filterSize, strides, dilations, padding);
      // A reduction shares the work of one output among many invocations; a window does not.
      if (kernel === 'AvgPool' && coversImage(image, filterSize, pad)) {
        return node.b.op('Mean', [image], { axes: [1, 2], keepDims: true });
      }
      return node.b.op(kernel, [image], { filterSize, strides, dilations, pad });
    });
  };
}

/** Convolutions and pools. */
export const convolutionImports: ImportTable = {
  Conv2D: convolve('Conv2D', plain),
  _FusedConv2D: convolve('Conv2D', fusedTail),
  DepthwiseConv2d: convolve('DepthwiseConv2dNative', plain),
  DepthwiseConv2dNative: convolve('DepthwiseConv2dNative', plain),
  FusedDepthwiseConv2dNative: convolve('DepthwiseConv2dNative', fusedTail),
  Conv1D: conv1D,
  Conv2DBackpropInput: transposedConvolution,
  Conv2dTranspose: transposedConvolution,
  MaxPool: pool('MaxPool'),
  AvgPool: pool('AvgPool'),
};
