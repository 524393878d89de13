/** Conv2D, NHWC × HWIO, any stride, dilation and padding: a product over the filter window. */
import type { Node } from '../ir/graph';
import { sizeOf } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import { followCoords, isLayoutChange } from '../ir/kernel-group';
import { isKnownFinite } from '../ir/magnitudes';
import { concatSplits } from './concat-splits';
import { chooseDirectTile, emitDirect, invocationsOf } from './conv2d-direct';
import type { KernelEmission } from './emit';
import { emitKernel } from './emit';
import type { FusedKernel, KernelRequest } from './kernel';
import { assumedBatch, floatOnly } from './loops';
import { generateProduct, productParts, tiledReuse } from './product';
import type { ProductSpec } from './product-spec';
import type { ProductShape } from './product-tiles';
import { filterFacts, paddingBefore, sourceCoord, usedTaps, windowAttrs } from './window-coords';
import { LANE, type Bounds, type Operand, type Storage } from './wgsl/inliner';

/** The shape of the result, without the axis of its parts. */
function resultShape({ outputs: [{ shape }], attrs }: Node): readonly number[] {
  return attrs.parts === undefined ? shape : shape.slice(1);
}

/** What tiles are chosen by. */
function shapeOf(node: Node): ProductShape {
  const [batch, height, width, columns] = resultShape(node);
  const [filterHeight, filterWidth, depth] = node.inputs[1].shape;
  const taps = filterHeight * filterWidth;
  return { batch: 1, rows: batch * height * width, columns, depth, taps, pair: false };
}

function convolution(emission: KernelEmission, isOfPlanes: boolean): ProductSpec {
  const { anchor } = emission.request.group;
  const { inliner } = emission;
  const [x, filter] = anchor.inputs;
  const [filterHeight, filterWidth, inChannels, outChannels] = filter.shape;
  const { strides, dilations } = windowAttrs(anchor);
  const [batch, outHeight, outWidth] = resultShape(anchor);
  const { parts } = anchor.attrs as { parts?: number };
  type Taps = readonly IndexExpr[];
  // Taps that are outside of the image for all pixels are none, whatever their weights are.
  const used = [
    usedTaps(anchor, 1, filterHeight, outHeight),
    usedTaps(anchor, 2, filterWidth, outWidth),
  ];
  const tapsAt = (window: Taps): IndexExpr[] =>
    window.map((tap, axis) => ix.shift(tap, used[axis].begin));
  const inImage = ([, row, column]: readonly IndexExpr[], window: Taps): Bounds[] => {
    const taps = tapsAt(window);
    const before = paddingBefore(emission.writer, anchor);
    return [
      {
        coord: sourceCoord(row, taps[0], strides[0], dilations[0], before[0]),
        extent: x.shape[1],
      },
      {
        coord: sourceCoord(column, taps[1], strides[1], dilations[1], before[1]),
        extent: x.shape[2],
      },
    ];
  };
  const image = (pixel: readonly IndexExpr[], window: Taps, k: IndexExpr): Operand => {
    const bounds = inImage(pixel, window);
    const [inRow, inColumn] = bounds.map(({ coord }) => coord);
    return inliner.guard(bounds, 'float32', 0, () =>
      inliner.value(x, [pixel[0], inRow, inColumn, k]),
    );
  };
  const weight = (window: Taps, k: IndexExpr, column: IndexExpr): Operand =>
    inliner.value(filter, [...tapsAt(window), k, column]);
  const sum = {
    depth: inChannels,
    parts,
    isFinite: isKnownFinite(filter),
    splits: concatSplits(x, 3, (value) => emission.request.storage(value) !== null),
    window: [
      { name: 'filterRow', extent: used[0].count },
      { name: 'filterColumn', extent: used[1].count },
    ],
  };
  if (isOfPlanes) {
    // As [channels, pixels] of each image, so that neighbours in a plane are neighbours in a vector.
    const pixel = (column: IndexExpr): IndexExpr[] => ix.delinearize(column, [outHeight, outWidth]);
    return {
      ...sum,
      batch,
      rows: outChannels,
      columns: outHeight * outWidth,
      a: (_image, channel, taps, k) => weight(taps, k, channel),
      b: (b, taps, k, column) => image([b, ...pixel(column)], taps, k),
      counts: (b, _channel, taps, column) => inImage([b, ...pixel(column)], taps),
      output: (b, channel, column) => [b, ...pixel(column), channel],
    };
  }
  const pixels = [batch, outHeight, outWidth];
  // With strides, rows of several images are equally far apart or not, as their heights happen to be: one image has
  // one text for both.
  const isDense = strides.every((stride) => stride === 1);
  const assumed = isDense ? assumedBatch(emission, pixels) : pixels;
  const pixel = (row: IndexExpr): IndexExpr[] =>
    ix.delinearize(assumed === pixels ? row : ix.widen(row, sizeOf(assumed), LANE), assumed);
  return {
    ...sum,
    batch: 1,
    rows: batch * outHeight * outWidth,
    columns: outChannels,
    a: (_batch, row, taps, k) => image(pixel(row), taps, k),
    b: (_batch, taps, k, column) => weight(taps, k, column),
    counts: (_batch, row, taps) => inImage(pixel(row), taps),
    output: (_batch, row, column, part) => [
      ...(parts === undefined ? [] : [part]),
      ...pixel(row),
      column,
    ],
  };
}

/**
 * Whether what follows a convolution stores its result plane by plane (NCHW), on a device where
 * neighbouring invocations should store neighbouring elements.
 */
function storesPlanes({ group, target, storage }: KernelRequest): boolean {
  const [output] = group.anchor.outputs;
  const [batch, height, width, channels] = output.shape;
  const isPart = group.anchor.attrs.parts !== undefined;
  if (!target.stagesTiles || isPart || channels === 1) return false;
  const pixels = height * width;
  // Only a layout change brings pixels next to each other.
  if (pixels === 1 || !group.members.some(isLayoutChange)) return false;
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
    return !ix.mentions(ix.subtract(offset, pixel), 'pixel');
  });
}

export const conv2dKernel: FusedKernel = {
  name: 'conv2d',
  anchors: ['Conv2D'],
  refuse: floatOnly,
  facts: filterFacts,
  splitAxis: ({ attrs }, index) => (index === 0 && attrs.parts === undefined ? 3 : null),
  parts: (node, target) =>
    chooseDirectTile(node, target) ? 1 : productParts(shapeOf(node), target),
  reuse: (node, index, target) => {
    const shape = shapeOf(node);
    const tiled = tiledReuse(shape, index === 0 ? 0 : 1, target);
    const [x, filter] = node.inputs;
    const terms = shape.depth * shape.taps;
    if (tiled !== null) return index === 0 ? (tiled * shape.rows * terms) / sizeOf(x.shape) : tiled;
    const products = shape.rows * shape.columns * terms;
    return index === 0 ? products / sizeOf(x.shape) / 8 : products / sizeOf(filter.shape) / 4;
  },
  generate: (request) => {
    const direct = chooseDirectTile(request.group.anchor, request.target);
    if (direct) {
      return emitKernel(
        request,
        (emission) => emitDirect(emission, direct, convolution(emission, false)),
        invocationsOf(direct),
      );
    }
    const isOfPlanes = storesPlanes(request);
    return generateProduct(request, (emission) => convolution(emission, isOfPlanes));
  },
};
