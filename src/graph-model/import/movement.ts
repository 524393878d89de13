/** Ops that rearrange, take, repeat and join elements, and those that resize images. */
import type { Value } from '../../ir/graph';
import { blockLowerings } from '../../lowering/blocks';
import { cropLowerings } from '../../lowering/crop';
import { gatherLowerings } from '../../lowering/gather';
import { imageLowerings } from '../../lowering/image';
import { movementLowerings } from '../../lowering/movement';
import { sliceLowerings } from '../../lowering/slice';
import { invokes, type Importer, type ImportTable, type NodeImport } from './node-import';
import { asBatch } from './batch';

const none = (): object => ({});

/** Operand `at`, whose rows are of two. */
function pairs(node: NodeImport, at: number): [number, number][] {
  const flat = node.numbers(at);
  return Array.from({ length: flat.length / 2 }, (_, row) => [flat[2 * row], flat[2 * row + 1]]);
}

/** `N` values, behind or before their axis. */
function concat(values: (node: NodeImport) => readonly Value[], axisAt: number): Importer {
  return invokes(
    movementLowerings.Concat,
    (node) => ({ axis: node.number(axisAt) }),
    (node) => values(node).slice(0, node.numberAttr('N', 2)),
  );
}

const pad = (constantValue: (node: NodeImport) => number): Importer =>
  invokes(movementLowerings.PadV2, (node) => ({
    paddings: pairs(node, 1),
    constantValue: constantValue(node),
  }));

const reverse = (dims: (node: NodeImport) => number[]): Importer =>
  invokes(movementLowerings.Reverse, (node) => ({ dims: dims(node) }));

const blockSize = (node: NodeImport) => ({
  blockSize: node.numberAttr('block_size', 0),
  dataFormat: node.stringAttr('data_format', 'nhwc').toUpperCase(),
});

const resize = (kernel: keyof typeof imageLowerings): Importer => {
  const { lower } = imageLowerings[kernel];
  return (node) => {
    const [height, width] = node.numbers(1);
    const alignCorners = node.boolAttr('align_corners');
    const halfPixelCenters = node.boolAttr('half_pixel_centers');
    return asBatch(node.b, node.input(0), (images) =>
      lower(node.b, [images], { size: [height, width], alignCorners, halfPixelCenters }),
    );
  };
};

export const movementImports: ImportTable = {
  Transpose: invokes(movementLowerings.Transpose, (node) => ({
    perm:
      node.inputs.length > 1
        ? node.numbers(1)
        : node
            .input(0)
            .shape.map((_, at) => at)
            .reverse(),
  })),
  ConcatV2: concat(({ inputs }) => inputs.slice(0, -1), -1),
  Concat: concat(({ inputs }) => inputs.slice(1), 0),
  Pack: invokes(movementLowerings.Pack, (node) => ({ axis: node.numberAttr('axis', 0) })),
  Tile: invokes(movementLowerings.Tile, (node) => ({ reps: node.numbers(1) })),
  BroadcastTo: invokes(movementLowerings.BroadcastTo, (node) => ({ shape: node.numbers(1) })),
  Pad: pad((node) => node.numberAttr('constant_value', 0)),
  PadV2: pad((node) => node.number(2, 0)),
  MirrorPad: invokes(movementLowerings.MirrorPad, (node) => ({
    paddings: pairs(node, 1),
    mode: node.stringAttr('mode'),
  })),
  ReverseV2: reverse((node) => node.numbers(1)),
  Reverse: reverse((node) => node.numbers(1).flatMap((on, axis) => (on ? [axis] : []))),
  Split: invokes(
    sliceLowerings.SplitV,
    (node) => ({ axis: node.number(0), numOrSizeSplits: node.numberAttr('num_split', 1) }),
    (node) => [node.input(1)],
  ),
  SplitV: invokes(sliceLowerings.SplitV, (node) => ({
    axis: node.number(2, 0),
    numOrSizeSplits: node.numbers(1),
  })),
  Unpack: invokes(sliceLowerings.Unpack, (node) => ({ axis: node.numberAttr('axis', 0) })),
  Slice: invokes(sliceLowerings.Slice, (node) => ({
    begin: node.numbers(1),
    size: node.numbers(2),
  })),
  StridedSlice: invokes(sliceLowerings.StridedSlice, (node) => ({
    begin: node.numbers(1),
    end: node.numbers(2),
    strides: node.numbers(3),
    beginMask: node.numberAttr('begin_mask', 0),
    endMask: node.numberAttr('end_mask', 0),
    ellipsisMask: node.numberAttr('ellipsis_mask', 0),
    newAxisMask: node.numberAttr('new_axis_mask', 0),
    shrinkAxisMask: node.numberAttr('shrink_axis_mask', 0),
  })),
  Gather: invokes(gatherLowerings.GatherV2, () => ({ axis: 0 })),
  GatherV2: invokes(gatherLowerings.GatherV2, (node) => ({
    axis: node.number(2, 0),
    batchDims: node.numberAttr('batch_dims', 0),
  })),
  GatherNd: invokes(gatherLowerings.GatherNd, none),
  SpaceToBatchND: invokes(blockLowerings.SpaceToBatchND, (node) => ({
    blockShape: node.numbers(1),
    paddings: pairs(node, 2),
  })),
  BatchToSpaceND: invokes(blockLowerings.BatchToSpaceND, (node) => ({
    blockShape: node.numbers(1),
    crops: pairs(node, 2),
  })),
  DepthToSpace: invokes(blockLowerings.DepthToSpace, blockSize),
  SpaceToDepth: invokes(blockLowerings.SpaceToDepth, blockSize),
  CropAndResize: invokes(
    cropLowerings.CropAndResize,
    (node) => {
      const [height, width] = node.numbers(3);
      return {
        cropSize: [height, width] as const,
        method: node.stringAttr('method', 'bilinear'),
        extrapolationValue: node.numberAttr('extrapolation_value', 0),
      };
    },
    ({ inputs }) => inputs.slice(0, 3),
  ),
  ResizeBilinear: resize('ResizeBilinear'),
  ResizeNearestNeighbor: resize('ResizeNearestNeighbor'),
};
