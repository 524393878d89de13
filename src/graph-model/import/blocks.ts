import { backend_util } from '@tensorflow/tfjs-core';
import { sizeOf, type Value } from '../../ir/graph';
import { demand } from '../../ir/infer/refused';
import { demandRank, formatShape } from '../../ir/infer/shape';
import type { ImportTable, NodeImport } from './node-import';

function pairs(flat: readonly number[]): number[][] {
  return Array.from({ length: flat.length / 2 }, (_, row) => [flat[2 * row], flat[2 * row + 1]]);
}

function spaceToBatch(node: NodeImport): Value {
  const x = node.input(0);
  const block = node.numbers(1);
  const spatial = pairs(node.numbers(2));
  const rest = Math.max(0, x.shape.length - 1 - block.length);
  const paddings = [[0, 0], ...spatial, ...new Array<number[]>(rest).fill([0, 0])];
  const padded = node.b.op('PadV2', [x], { paddings, constantValue: 0 });
  const shape = [...padded.shape];
  demand(
    block.every((size, axis) => shape[axis + 1] % size === 0),
    () => `blocks of ${formatShape(block)} do not divide ${formatShape(shape)}`,
  );
  const blocks = node.b.reshape(
    padded,
    backend_util.getReshaped(shape, block, sizeOf(block), false),
  );
  const perm = backend_util.getPermuted(blocks.shape.length, block.length, false);
  const result = backend_util.getReshapedPermuted(shape, block, sizeOf(block), false);
  return node.b.reshape(node.b.transpose(blocks, perm), result);
}

function batchToSpace(node: NodeImport): Value {
  const x = node.input(0);
  const block = node.numbers(1);
  const crops = pairs(node.numbers(2));
  const shape = [...x.shape];
  demand(
    shape[0] % sizeOf(block) === 0,
    () => `blocks of ${formatShape(block)} do not divide a batch of ${shape[0]}`,
  );
  const blocks = node.b.reshape(x, backend_util.getReshaped(shape, block, sizeOf(block)));
  const perm = backend_util.getPermuted(blocks.shape.length, block.length);
  const joined = backend_util.getReshapedPermuted(shape, block, sizeOf(block));
  const image = node.b.reshape(node.b.transpose(blocks, perm), joined);
  const cropAt = (axis: number) => crops[axis - 1] ?? [0, 0];
  const begin = joined.map((_, axis) => (axis === 0 ? 0 : cropAt(axis)[0]));
  const size = joined.map((dim, axis) => dim - begin[axis] - (axis === 0 ? 0 : cropAt(axis)[1]));
  return node.b.slice(image, begin, size);
}

/** Channels of an NHWC image, as blocks of pixels. */
function depthToSpace(node: NodeImport, x: Value): Value {
  const block = node.numberAttr('block_size', 0);
  const [batch, height, width, channels] = x.shape;
  const depth = channels / (block * block);
  demand(block > 1 && Number.isInteger(depth), () => `block ${block} of ${formatShape(x.shape)}`);
  const split = node.b.reshape(x, [batch, height, width, block, block, depth]);
  const merged = node.b.transpose(split, [0, 1, 3, 2, 4, 5]);
  return node.b.reshape(merged, [batch, height * block, width * block, depth]);
}

function spaceToDepth(node: NodeImport, x: Value): Value {
  const block = node.numberAttr('block_size', 0);
  const [batch, height, width, channels] = x.shape;
  const [rows, columns] = [height / block, width / block];
  demand(
    block > 1 && Number.isInteger(rows) && Number.isInteger(columns),
    () => `block ${block} of ${formatShape(x.shape)}`,
  );
  const split = node.b.reshape(x, [batch, rows, block, columns, block, channels]);
  const merged = node.b.transpose(split, [0, 1, 3, 2, 4, 5]);
  return node.b.reshape(merged, [batch, rows, columns, block * block * channels]);
}

/** Runs an NHWC lowering on an image of the node's own layout. */
function inNhwc(lower: (node: NodeImport, x: Value) => Value) {
  return (node: NodeImport): Value => {
    const x = node.input(0);
    demandRank(x, 4, 'input');
    if (node.stringAttr('data_format', 'nhwc') !== 'nchw') return lower(node, x);
    const result = lower(node, node.b.transpose(x, [0, 2, 3, 1]));
    return node.b.transpose(result, [0, 3, 1, 2]);
  };
}

/** Ops that trade blocks of pixels for batches or channels. */
export const blockImports: ImportTable = {
  SpaceToBatchND: spaceToBatch,
  BatchToSpaceND: batchToSpace,
  DepthToSpace: inNhwc(depthToSpace),
  SpaceToDepth: inNhwc(spaceToDepth),
};
