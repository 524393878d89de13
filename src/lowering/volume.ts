/**
 * Convolutions and pools of volumes [batch, depth, rows, columns, channels], by kernels of images: each output plane is
 * an image, and the planes that its window sees along the depth are channels of that, side by side. All of this is index
 * arithmetic inside the kernel, which loops over the planes one after the other.
 */
import type { GraphBuilder } from '../ir/builder';
import { sameShape, type Shape, type Value } from '../ir/graph';
import { windowPositions } from '../ir/infer/window';
import { demand } from '../ir/infer/refused';
import { demandRank, formatShape } from '../ir/infer/shape';
import { convolutionLowerings } from './convolution';
import { lowering } from './lowering';
import { windowOf, type Extent } from './padding';
import { poolLowerings } from './pool';
import { windowGradientLowerings } from './window-gradients';

interface VolumeAttrs {
  readonly strides: Extent;
  readonly dilations?: Extent | null;
  /** `same`, `valid`, or the padding of all six sides. */
  readonly pad: string | number;
  readonly dimRoundingMode?: string | null;
  readonly dataFormat?: string;
}

type Triple = readonly [depth: number, rows: number, columns: number];

function tripleOf(extent: Extent): Triple {
  return typeof extent === 'number' ? [extent, extent, extent] : (extent as Triple);
}

/** A window along the depth of a volume. */
interface DepthWindow {
  readonly taps: number;
  readonly stride: number;
  readonly dilation: number;
  /** Planes of padding in front. */
  readonly before: number;
  readonly outputs: number;
}

interface VolumeWindow {
  readonly depth: DepthWindow;
  /** Attributes of the same window over a plane. */
  readonly plane: Omit<VolumeAttrs, 'dataFormat'>;
}

/** A window of `size` taps over volumes of `shape`; refuses what tfjs places otherwise than an image's. */
function windowOver(shape: Shape, size: Triple, attrs: VolumeAttrs): VolumeWindow {
  const { pad, dimRoundingMode, dataFormat = 'NDHWC' } = attrs;
  const [strides, dilations] = [tripleOf(attrs.strides), tripleOf(attrs.dilations ?? 1)];
  demand(
    shape.length === 5 && dataFormat === 'NDHWC',
    () => `a volume ${formatShape(shape)} as ${dataFormat}`,
  );
  // A window smaller than its stride is shifted, and sizes may be rounded up.
  const isUsual = size.every((taps, axis) => {
    if (pad !== 'same') return /^(floor)?$/.test(dimRoundingMode ?? '');
    const windows = Math.ceil(shape[axis + 1] / strides[axis]);
    return (windows - 1) * strides[axis] + (taps - 1) * dilations[axis] >= shape[axis + 1] - 1;
  });
  demand(isUsual, () => 'tfjs shifts its windows, or rounds their number');
  const [taps, stride, dilation] = [size[0], strides[0], dilations[0]];
  const along = { strides: [stride, 1], dilations: [dilation, 1], pad };
  const { top, bottom } = windowOf([1, shape[1], 1, 1], [taps, 1], along).pad;
  const outputs = windowPositions(shape[1], taps, stride, dilation, top, bottom);
  return {
    depth: { taps, stride, dilation, before: top, outputs },
    plane: { strides: strides.slice(1), dilations: dilations.slice(1), pad, dimRoundingMode },
  };
}

/** Planes `first`, `first` + `stride`, … of volumes, `count` of each, as images; `outside` is what is beyond the ends. */
function planesOf(
  b: GraphBuilder,
  x: Value,
  { first, stride = 1, count }: { first: number; stride?: number; count: number },
  outside = 0,
): Value {
  const [batch, depth, ...plane] = x.shape;
  const before = Math.max(0, -first);
  const after = Math.max(0, first + (count - 1) * stride + 1 - depth);
  const paddings = x.shape.map((_, axis) => (axis === 1 ? [before, after] : [0, 0]));
  const padded = b.op('PadV2', [x], { paddings, constantValue: outside });
  const begin = [0, first + before, 0, 0, 0];
  const planes = b.slice(padded, begin, [batch, count, ...plane], [1, stride, 1, 1, 1]);
  return b.reshape(planes, [batch * count, ...plane]);
}

/** For each tap along the depth, the plane that every output sees there. */
function tapsOf(b: GraphBuilder, x: Value, window: DepthWindow, outside?: number): Value[] {
  const { taps, stride, dilation, before, outputs } = window;
  return Array.from({ length: taps }, (_, tap) =>
    planesOf(b, x, { first: tap * dilation - before, stride, count: outputs }, outside),
  );
}

const sideBySide = (b: GraphBuilder, parts: readonly Value[]): Value =>
  b.op('Concat', parts, { axis: 3 });

/** Images, one a plane, as volumes again. */
function stack(b: GraphBuilder, images: Value, batch: number): Value {
  const [planes, ...plane] = images.shape;
  return b.reshape(images, [batch, planes / batch, ...plane]);
}

/** The filter of images that takes the place of one of volumes. */
function planarFilter(b: GraphBuilder, filter: Value): Value {
  const [depth, rows, columns, channels, outputs] = filter.shape;
  return b.reshape(b.transpose(filter, [1, 2, 0, 3, 4]), [
    rows,
    columns,
    depth * channels,
    outputs,
  ]);
}

function convolve(b: GraphBuilder, x: Value, filter: Value, attrs: VolumeAttrs): Value {
  demandRank(filter, 5, 'filter');
  const [depth, rows, columns] = filter.shape;
  const window = windowOver(x.shape, [depth, rows, columns], attrs);
  const images = sideBySide(b, tapsOf(b, x, window.depth));
  const operands = [images, planarFilter(b, filter)];
  return stack(b, convolutionLowerings.Conv2D.lower(b, operands, window.plane), x.shape[0]);
}

interface VolumeFilterAttrs extends VolumeAttrs {
  readonly filterShape: Shape;
}

function filterGradient(b: GraphBuilder, x: Value, dy: Value, attrs: VolumeFilterAttrs): Value {
  const [depth, rows, columns, channels, outputs] = attrs.filterShape;
  const window = windowOver(x.shape, [depth, rows, columns], attrs);
  const [batch, planes, ...plane] = dy.shape;
  demand(
    planes === window.depth.outputs,
    () => `gradient ${formatShape(dy.shape)}; needs ${window.depth.outputs} planes`,
  );
  const images = sideBySide(b, tapsOf(b, x, window.depth));
  const gradient = b.reshape(dy, [batch * planes, ...plane]);
  const dw = windowGradientLowerings.Conv2DBackpropFilter.lower(b, [images, gradient], {
    ...window.plane,
    filterShape: [rows, columns, depth * channels, outputs],
  });
  return b.transpose(b.reshape(dw, [rows, columns, depth, channels, outputs]), [2, 0, 1, 3, 4]);
}

interface VolumeInputAttrs extends VolumeAttrs {
  readonly inputShape: Shape;
}

/** Planes of the result whose numbers leave one remainder by the stride, or several that see the same planes of `dy`. */
interface Phases {
  /** How far in front of a plane those are that it sees, a tap each. */
  readonly offsets: readonly number[];
  /** For each remainder, the filters of these taps: [rows, columns, channels, outputs of all taps]. */
  readonly filters: Value[];
}

/**
 * Planes of one remainder see the same taps, so they are a transposed convolution of images whose channels are what these
 * taps see. Where a window is as long as its stride, all remainders are one.
 */
function inputGradient(b: GraphBuilder, dy: Value, filter: Value, attrs: VolumeInputAttrs): Value {
  demandRank(filter, 5, 'filter');
  const { inputShape } = attrs;
  const [depth, ...plane] = filter.shape;
  const { depth: window, plane: along } = windowOver(
    inputShape,
    [depth, plane[0], plane[1]],
    attrs,
  );
  const [batch, length, height, width, channels] = inputShape;
  demand(
    sameShape(dy.shape.slice(0, 2), [batch, window.outputs]) && plane[2] === channels,
    () => `gradient ${formatShape(dy.shape)} and filter ${formatShape(filter.shape)} do not fit`,
  );
  const { stride, before } = window;
  const count = Math.ceil(length / stride);
  const taps = Array.from({ length: depth }, (_, tap) =>
    b.reshape(b.slice(filter, [tap, 0, 0, 0, 0], [1, ...plane]), plane),
  );
  const all: Phases[] = [];
  for (let first = before; first < before + stride; first++) {
    const isSeen = (_: Value, tap: number): boolean => (first - tap) % stride === 0;
    const seen = taps.filter(isSeen);
    demand(seen.length > 0, () => 'its window skips planes');
    const offsets = taps.flatMap((_, tap) => (isSeen(_, tap) ? (first - tap) / stride : []));
    const own = b.op('Concat', seen, { axis: 3 });
    const last = all[all.length - 1];
    if (String(last?.offsets) === String(offsets)) last.filters.push(own);
    else all.push({ offsets, filters: [own] });
  }
  const parts = all.map(({ offsets, filters }) => {
    const images = offsets.map((first) => planesOf(b, dy, { first, count }));
    const operands = [sideBySide(b, images), b.op('Concat', filters, { axis: 2 })];
    const shape = [batch * count, height, width, filters.length * channels];
    const { lower } = convolutionLowerings.Conv2DBackpropInput;
    return lower(b, operands, { ...along, inputShape: shape });
  });
  const apart = b.reshape(sideBySide(b, parts), [batch, count, height, width, stride, channels]);
  const whole = [batch, count * stride, height, width, channels];
  const ordered = b.reshape(b.transpose(apart, [0, 1, 4, 2, 3, 5]), whole);
  return b.slice(ordered, [0, 0, 0, 0, 0], inputShape);
}

interface VolumePoolAttrs extends Omit<VolumeAttrs, 'dilations'> {
  readonly filterSize: Extent;
}

function poolWindow(
  x: Value,
  attrs: VolumePoolAttrs,
): VolumeWindow & { filterSize: readonly number[] } {
  demand(x.dtype === 'float32', () => `input is ${x.dtype}; needs float32`);
  const size = tripleOf(attrs.filterSize);
  return { ...windowOver(x.shape, size, attrs), filterSize: size.slice(1) };
}

/** The largest of the planes, NaN passed by as within a plane, inside of the pool's loads. */
function maxPool(b: GraphBuilder, x: Value, attrs: VolumePoolAttrs): Value {
  const { depth, plane, filterSize } = poolWindow(x, attrs);
  const lowest = b.scalar(-Infinity);
  const planes = tapsOf(b, x, depth, -Infinity).map((taps) =>
    b.op('Select', [b.op('IsNan', [taps]), lowest, taps]),
  );
  const largest = planes.reduce((a, c) => b.op('Maximum', [a, c]));
  return stack(b, poolLowerings.MaxPool.lower(b, [largest], { ...plane, filterSize }), x.shape[0]);
}

/** The sum of the planes is averaged, and divided by how many of them there are. */
function avgPool(b: GraphBuilder, x: Value, attrs: VolumePoolAttrs): Value {
  const { depth, plane, filterSize } = poolWindow(x, attrs);
  const { taps, stride, before, outputs } = depth;
  const sum = tapsOf(b, x, depth).reduce((a, c) => b.op('Add', [a, c]));
  const averaged = poolLowerings.AvgPool.lower(b, [sum], { ...plane, filterSize });
  const counts = Array.from({ length: outputs }, (_, at) => {
    const first = at * stride - before;
    return Math.max(1, Math.min(x.shape[1], first + taps) - Math.max(0, first));
  });
  const divisor = b.hostConstant([outputs, 1, 1, 1], 'float32', counts);
  return b.op('RealDiv', [stack(b, averaged, x.shape[0]), divisor]);
}

export const volumeLowerings = {
  Conv3D: lowering(['x', 'filter'], (b, [x, filter], attrs: VolumeAttrs) =>
    convolve(b, x, filter, attrs),
  ),
  Conv3DBackpropFilterV2: lowering(['x', 'dy'], (b, [x, dy], attrs: VolumeFilterAttrs) =>
    filterGradient(b, x, dy, attrs),
  ),
  Conv3DBackpropInputV2: lowering(['dy', 'filter'], (b, [dy, filter], attrs: VolumeInputAttrs) =>
    inputGradient(b, dy, filter, attrs),
  ),
  MaxPool3D: lowering(['x'], (b, [x], attrs: VolumePoolAttrs) => maxPool(b, x, attrs)),
  AvgPool3D: lowering(['x'], (b, [x], attrs: VolumePoolAttrs) => avgPool(b, x, attrs)),
};
