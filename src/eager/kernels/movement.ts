/** Kernels that move elements, and resizes. */
import { backend_util, slice_util } from '@tensorflow/tfjs-core';
import { sameShape, type Shape, type Value } from '../../ir/graph';
import { demand, refuse } from '../../ir/infer/refused';
import { normalizeAxes, normalizeAxis } from '../../ir/infer/shape';
import { passOnIf, type KernelCall, type LazyKernel } from './lazy-kernel';

function slice(call: KernelCall): Value {
  const x = call.input(0);
  const tensor = { shape: [...x.shape] } as Parameters<typeof slice_util.parseSliceParams>[0];
  const [begin, size] = slice_util.parseSliceParams(
    tensor,
    call.attr<number[]>('begin'),
    call.attr<number[]>('size'),
  );
  return call.b.slice(x, begin, size);
}

function stridedSlice(call: KernelCall): Value {
  const x = call.input(0);
  const mask = (name: string): number => call.attr<number>(`${name}Mask`);
  const info = slice_util.sliceInfo(
    [...x.shape],
    ...[call.attr<number[]>('begin'), call.attr<number[]>('end'), call.attr<number[]>('strides')],
    ...[mask('begin'), mask('end'), mask('ellipsis'), mask('newAxis'), mask('shrinkAxis')],
  );
  passOnIf(info.isIdentity);
  const simple = info.sliceDim0 || info.isSimpleSlice;
  if (!simple && info.finalShapeSparse.length !== x.shape.length) {
    // tfjs takes its coordinates from the shrunk shape here, and answers with other elements.
    refuse('it has strides together with a dropped axis');
  }
  const size = slice_util.computeOutShape(info.begin, info.end, info.strides);
  const box = call.b.slice(x, info.begin, size, info.strides);
  return call.b.reshape(box, info.finalShape);
}

function pad(call: KernelCall): Value {
  const paddings = call.attr<[number, number][]>('paddings');
  passOnIf(paddings.flat().every((width) => width === 0));
  const constantValue = call.attr<number>('constantValue');
  return call.b.op('PadV2', [call.input(0)], { paddings, constantValue });
}

function mirrorPad(call: KernelCall): Value {
  const { paddings, mode } = call.attrs;
  return call.b.op('MirrorPad', [call.input(0)], { paddings, mode });
}

function concat(call: KernelCall): Value {
  const parts = call.all();
  passOnIf(parts.length === 1);
  const axis = normalizeAxis(call.attr<number>('axis'), parts[0].shape.length);
  return call.b.op('Concat', parts, { axis });
}

function pack(call: KernelCall): Value {
  const parts = call.all();
  passOnIf(parts.length === 1);
  const { shape, dtype } = parts[0];
  const fits = parts.every((part) => sameShape(part.shape, shape) && part.dtype === dtype);
  demand(fits, () => 'its inputs differ in shape or type');
  const axis = normalizeAxis(call.attr<number>('axis'), shape.length + 1);
  const row = [...shape.slice(0, axis), 1, ...shape.slice(axis)];
  return call.b.op(
    'Concat',
    parts.map((part) => call.b.reshape(part, row)),
    { axis },
  );
}

/** Consecutive parts of the given sizes along an axis. */
function splitAt(call: KernelCall, x: Value, sizes: readonly number[], axis: number): Value[] {
  let offset = 0;
  return sizes.map((size) => {
    const begin = x.shape.map((_, at) => (at === axis ? offset : 0));
    offset += size;
    const box = x.shape.map((dim, at) => (at === axis ? size : dim));
    return call.b.slice(x, begin, box);
  });
}

function split(call: KernelCall): Value[] {
  const x = call.input(0);
  const axis = normalizeAxis(call.attr<number>('axis'), x.shape.length);
  const tensor = { shape: [...x.shape] } as Parameters<typeof backend_util.prepareSplitSize>[0];
  const wanted = call.attr<number | number[]>('numOrSizeSplits');
  return splitAt(call, x, backend_util.prepareSplitSize(tensor, wanted, axis), axis);
}

function unpack(call: KernelCall): Value[] {
  const x = call.input(0);
  const axis = normalizeAxis(call.attr<number>('axis'), x.shape.length);
  const shape = x.shape.filter((_, at) => at !== axis);
  const rows = splitAt(call, x, new Array<number>(x.shape[axis]).fill(1), axis);
  return rows.map((row) => call.b.reshape(row, shape));
}

function tile(call: KernelCall): Value {
  const x = call.input(0);
  const reps = call.attr<number[]>('reps');
  const shape = x.shape.map((dim, axis) => dim * reps[axis]);
  return call.b.op('Tile', [x], {}, call.b.origins, shape);
}

function gather(call: KernelCall): Value {
  const [x, indices] = [call.input(0), call.input(1)];
  const batchDims = call.attr<number | undefined>('batchDims') ?? 0;
  return call.b.op('GatherV2', [x, call.b.cast(indices, 'int32')], {
    axis: normalizeAxis(call.attr<number>('axis'), x.shape.length),
    batchDims: batchDims < 0 ? batchDims + indices.shape.length : batchDims,
  });
}

function reverse(call: KernelCall): Value {
  const x = call.input(0);
  passOnIf(x.shape.length === 0);
  const dims = normalizeAxes([call.attr<number | number[]>('dims')].flat(), x.shape.length);
  return call.b.op('Reverse', [x], { dims });
}

function resize(kernel: string) {
  return (call: KernelCall): Value => {
    const images = call.input(0);
    const [height, width] = call.attr<[number, number]>('size');
    const attrs = {
      alignCorners: Boolean(call.attr('alignCorners')),
      halfPixelCenters: Boolean(call.attr('halfPixelCenters')),
    };
    const shape: Shape = [images.shape[0], height, width, images.shape[3]];
    return call.b.op(kernel, [images], attrs, call.b.origins, shape);
  };
}

function depthToSpace(call: KernelCall): Value {
  const x = call.input(0);
  const block = call.attr<number>('blockSize');
  const format = call.attr<string>('dataFormat');
  const [batch, height, width, channels] = x.shape;
  const depth = channels / (block * block);
  demand(format === 'NHWC', () => `its data format is ${format}`);
  const pixels = call.b.reshape(x, [batch, height, width, block, block, depth]);
  const merged = call.b.transpose(pixels, [0, 1, 3, 2, 4, 5]);
  return call.b.reshape(merged, [batch, height * block, width * block, depth]);
}

export const movementKernels: readonly LazyKernel[] = [
  {
    kernel: 'Transpose',
    inputs: ['x'],
    onCpu: true,
    lower: (call) => call.b.transpose(call.input(0), call.attr<number[]>('perm')),
  },
  { kernel: 'Slice', inputs: ['x'], onCpu: true, lower: slice },
  { kernel: 'StridedSlice', inputs: ['x'], onCpu: true, lower: stridedSlice },
  { kernel: 'PadV2', inputs: ['x'], lower: pad },
  { kernel: 'MirrorPad', inputs: ['x'], lower: mirrorPad },
  { kernel: 'Concat', onCpu: true, lower: concat },
  { kernel: 'Pack', onCpu: true, lower: pack },
  { kernel: 'SplitV', inputs: ['x'], onCpu: true, hasManyOutputs: true, lower: split },
  { kernel: 'Unpack', inputs: ['value'], onCpu: true, hasManyOutputs: true, lower: unpack },
  { kernel: 'Tile', inputs: ['x'], onCpu: true, lower: tile },
  { kernel: 'GatherV2', inputs: ['x', 'indices'], onCpu: true, lower: gather },
  { kernel: 'Reverse', inputs: ['x'], lower: reverse },
  { kernel: 'ResizeBilinear', inputs: ['images'], lower: resize('ResizeBilinear') },
  { kernel: 'ResizeNearestNeighbor', inputs: ['images'], lower: resize('ResizeNearestNeighbor') },
  { kernel: 'DepthToSpace', inputs: ['x'], lower: depthToSpace },
];
