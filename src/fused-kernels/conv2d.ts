/** Conv2D, NHWC × HWIO, any stride, dilation and padding: a product over the filter window. */
import { sizeOf } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import { followCoords } from '../ir/kernel-group';
import { concatSplits } from './concat-splits';
import { chooseDirectTile, emitDirect, invocationsOf } from './conv2d-direct';
import type { KernelEmission } from './emit';
import { emitKernel } from './emit';
import type { FusedKernel, KernelRequest } from './kernel';
import { floatOnly } from './loops';
import { generateProduct } from './product';
import type { ProductSpec } from './product-spec';
import { sourceCoord, usedTaps, windowAttrs } from './window-coords';
import type { Bounds, Operand, Storage } from './wgsl/inliner';

function convolution(emission: KernelEmission): ProductSpec {
  const { anchor } = emission.request.group;
  const { inliner } = emission;
  const [x, filter] = anchor.inputs;
  const [output] = anchor.outputs;
  const [filterHeight, filterWidth, inChannels, outChannels] = filter.shape;
  const { strides, dilations, pad } = windowAttrs(anchor);
  const [batch, outHeight, outWidth] = output.shape;
  type Taps = readonly IndexExpr[];
  // Taps that are outside of the image for all pixels are none, whatever their weights are.
  const used = [usedTaps(anchor, 1, filterHeight), usedTaps(anchor, 2, filterWidth)];
  const tapsAt = (window: Taps): IndexExpr[] =>
    window.map((tap, axis) => ix.shift(tap, used[axis].begin));
  const image = ([b, row, column]: readonly IndexExpr[], window: Taps, k: IndexExpr): Operand => {
    const taps = tapsAt(window);
    const inRow = sourceCoord(row, taps[0], strides[0], dilations[0], pad.top);
    const inColumn = sourceCoord(column, taps[1], strides[1], dilations[1], pad.left);
    const bounds: Bounds[] = [
      { coord: inRow, extent: x.shape[1] },
      { coord: inColumn, extent: x.shape[2] },
    ];
    return inliner.guard(bounds, 'float32', 0, () => inliner.value(x, [b, inRow, inColumn, k]));
  };
  const weight = (window: Taps, k: IndexExpr, column: IndexExpr): Operand =>
    inliner.value(filter, [...tapsAt(window), k, column]);
  const sum = {
    depth: inChannels,
    splits: concatSplits(x, 3, (value) => emission.request.storage(value) !== null),
    window: [
      { name: 'filterRow', extent: used[0].count },
      { name: 'filterColumn', extent: used[1].count },
    ],
  };
  if (storesPlanes(emission.request)) {
    // As [channels, pixels] of each image, so that neighbours in a plane are neighbours in a vector.
    const pixel = (column: IndexExpr): IndexExpr[] => ix.delinearize(column, [outHeight, outWidth]);
    return {
      ...sum,
      batch,
      rows: outChannels,
      columns: outHeight * outWidth,
      a: (_image, channel, taps, k) => weight(taps, k, channel),
      b: (b, taps, k, column) => image([b, ...pixel(column)], taps, k),
      output: (b, channel, column) => [b, ...pixel(column), channel],
    };
  }
  const pixel = (row: IndexExpr): IndexExpr[] => ix.delinearize(row, [batch, outHeight, outWidth]);
  return {
    ...sum,
    batch: 1,
    rows: batch * outHeight * outWidth,
    columns: outChannels,
    a: (_batch, row, taps, k) => image(pixel(row), taps, k),
    b: (_batch, taps, k, column) => weight(taps, k, column),
    output: (_batch, row, column) => [...pixel(row), column],
  };
}

/**
 * Whether what follows a convolution stores its result plane by plane (NCHW), on a device where
 * neighbouring invocations should store neighbouring elements.
 */
function storesPlanes({ group, target, storage }: KernelRequest): boolean {
  const [output] = group.anchor.outputs;
  const [batch, height, width, channels] = output.shape;
  if (!target.stagesTiles || channels === 1) return false;
  const pixels = height * width;
  const pixel = ix.variable('pixel', pixels);
  const coords = [
    ix.variable('image', batch),
    ...ix.delinearize(pixel, [height, width]),
    ix.variable('channel', channels),
  ];
  const coordsOf = followCoords(group, coords);
  return group.stores.every((value) => {
    const { buffer, locate } = storage(value) as Storage;
    const offset = ix.linearize(locate(coordsOf.get(value) as IndexExpr[]), buffer.shape);
    // The pixel alone, as neither quotients nor multiples of it.
    return pixels > 1 && !ix.variablesOf(ix.subtract(offset, pixel)).has('pixel');
  });
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
