/** Conv2D, NHWC × HWIO, any stride, dilation and padding: a product over the filter window. */
import { sizeOf } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import { concatSplits } from './concat-splits';
import { chooseDirectTile, emitDirect, invocationsOf } from './conv2d-direct';
import type { KernelEmission } from './emit';
import { emitKernel } from './emit';
import type { FusedKernel } from './kernel';
import { floatOnly } from './loops';
import { generateProduct } from './product';
import type { ProductSpec } from './product-spec';
import { sourceCoord, windowAttrs } from './window-coords';
import type { Bounds } from './wgsl/inliner';

function convolution(emission: KernelEmission): ProductSpec {
  const { anchor } = emission.request.group;
  const { inliner } = emission;
  const [x, filter] = anchor.inputs;
  const [output] = anchor.outputs;
  const [filterHeight, filterWidth, inChannels, outChannels] = filter.shape;
  const { strides, dilations, pad } = windowAttrs(anchor);
  const [batch, outHeight, outWidth] = output.shape;
  const pixel = (row: IndexExpr): IndexExpr[] => ix.delinearize(row, [batch, outHeight, outWidth]);
  return {
    batch: 1,
    rows: batch * outHeight * outWidth,
    columns: outChannels,
    depth: inChannels,
    splits: concatSplits(x, 3, (value) => emission.request.storage(value) !== null),
    window: [
      { name: 'filterRow', extent: filterHeight },
      { name: 'filterColumn', extent: filterWidth },
    ],
    a: (_batch, row, [tapRow, tapColumn], k) => {
      const [b, outRow, outColumn] = pixel(row);
      const inRow = sourceCoord(outRow, tapRow, strides[0], dilations[0], pad.top);
      const inColumn = sourceCoord(outColumn, tapColumn, strides[1], dilations[1], pad.left);
      const bounds: Bounds[] = [
        { coord: inRow, extent: x.shape[1] },
        { coord: inColumn, extent: x.shape[2] },
      ];
      return inliner.guard(bounds, 'float32', 0, () => inliner.value(x, [b, inRow, inColumn, k]));
    },
    b: (_batch, [tapRow, tapColumn], k, column) =>
      inliner.value(filter, [tapRow, tapColumn, k, column]),
    output: (_batch, row, column) => [...pixel(row), column],
  };
}

export const conv2dKernel: FusedKernel = {
  name: 'conv2d',
  anchors: ['Conv2D'],
  refuse: floatOnly,
  splitAxis: (_node, index) => (index === 0 ? 3 : null),
  reuse: (node, index) => {
    const [x, filter] = node.inputs;
    const products = sizeOf(node.outputs[0].shape) * sizeOf(filter.shape.slice(0, 3));
    return index === 0 ? products / sizeOf(x.shape) / 8 : products / sizeOf(filter.shape) / 4;
  },
  generate: (request) => {
    const direct = chooseDirectTile(request.group.anchor, request.target);
    return direct
      ? emitKernel(request, (emission) => emitDirect(emission, direct), invocationsOf(direct))
      : generateProduct(request, convolution);
  },
};
