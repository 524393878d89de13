/** Kernels that trade blocks of pixels for batches or channels. */
import type { GraphBuilder } from '../ir/builder';
import { sizeOf, type Shape, type Value } from '../ir/graph';
import { demand } from '../ir/infer/refused';
import { demandRank, formatShape } from '../ir/infer/shape';
import { fromNhwc, toNhwc, type DataFormat } from './layout';
import { lowering } from './lowering';
import type { Paddings } from './movement';

/** `[0, 1, … count − 1] · step + from`. */
const count = (length: number, from: number, step = 1): number[] =>
  Array.from({ length }, (_, i) => from + i * step);

/** A block of `blockShape` elements becomes the batch. */
function spaceToBatch(b: GraphBuilder, x: Value, block: Shape, spatial: Paddings): Value {
  const axes = block.length;
  demand(axes < x.shape.length, () => `blocks ${formatShape(block)} of ${formatShape(x.shape)}`);
  const inner = x.shape.slice(axes + 1);
  const none = inner.map(() => [0, 0] as const);
  const paddings = [[0, 0] as const, ...spatial, ...none];
  const padded = b.op('PadV2', [x], { paddings, constantValue: 0 });
  const [batch, ...plane] = padded.shape.slice(0, axes + 1);
  demand(
    plane.every((dim, axis) => dim % block[axis] === 0),
    () => `blocks of ${formatShape(block)} do not divide ${formatShape(padded.shape)}`,
  );
  const blocks = plane.map((dim, axis) => dim / block[axis]);
  const divided = blocks.flatMap((dim, axis) => [dim, block[axis]]);
  const perm = [
    ...count(axes, 2, 2),
    0,
    ...count(axes, 1, 2),
    ...count(inner.length, 2 * axes + 1),
  ];
  const moved = b.transpose(b.reshape(padded, [batch, ...divided, ...inner]), perm);
  return b.reshape(moved, [batch * sizeOf(block), ...blocks, ...inner]);
}

/** The batch becomes blocks of `blockShape` elements, of which `crops` are taken off. */
function batchToSpace(b: GraphBuilder, x: Value, block: Shape, crops: Paddings): Value {
  const axes = block.length;
  demand(axes < x.shape.length, () => `blocks ${formatShape(block)} of ${formatShape(x.shape)}`);
  const [batch, ...plane] = x.shape.slice(0, axes + 1);
  const inner = x.shape.slice(axes + 1);
  const images = batch / sizeOf(block);
  demand(
    Number.isInteger(images),
    () => `blocks of ${formatShape(block)} do not divide a batch of ${batch}`,
  );
  const pairs = plane.flatMap((_, axis) => [axes + 1 + axis, axis]);
  const perm = [axes, ...pairs, ...count(inner.length, 2 * axes + 1)];
  const moved = b.transpose(b.reshape(x, [...block, images, ...plane, ...inner]), perm);
  const whole = plane.map((dim, axis) => dim * block[axis]);
  const begin = [0, ...crops.map(([before]) => before), ...inner.map(() => 0)];
  const kept = whole.map((dim, axis) => dim - crops[axis][0] - crops[axis][1]);
  const joined = b.reshape(moved, [images, ...whole, ...inner]);
  return b.slice(joined, begin, [images, ...kept, ...inner]);
}

interface BlockAttrs {
  readonly blockSize: number;
  readonly dataFormat?: DataFormat;
}

/** Runs a lowering of NHWC images on an image of the layout that the attributes name. */
function inNhwc(lower: (b: GraphBuilder, image: Value, blockSize: number) => Value) {
  return lowering(['x'], (b, [x], { blockSize, dataFormat }: BlockAttrs) => {
    demandRank(x, 4, 'input');
    const image = toNhwc(b, x, dataFormat);
    demand(blockSize > 1, () => `blocks of ${blockSize}`);
    return fromNhwc(b, lower(b, image, blockSize), dataFormat);
  });
}

function depthToSpace(b: GraphBuilder, image: Value, block: number): Value {
  const [batch, height, width, channels] = image.shape;
  const depth = channels / (block * block);
  demand(Number.isInteger(depth), () => `blocks of ${block} in ${formatShape(image.shape)}`);
  const split = b.reshape(image, [batch, height, width, block, block, depth]);
  const merged = b.transpose(split, [0, 1, 3, 2, 4, 5]);
  return b.reshape(merged, [batch, height * block, width * block, depth]);
}

function spaceToDepth(b: GraphBuilder, image: Value, block: number): Value {
  const [batch, height, width, channels] = image.shape;
  const [rows, columns] = [height / block, width / block];
  demand(
    Number.isInteger(rows) && Number.isInteger(columns),
    () => `blocks of ${block} in ${formatShape(image.shape)}`,
  );
  const split = b.reshape(image, [batch, rows, block, columns, block, channels]);
  const merged = b.transpose(split, [0, 1, 3, 2, 4, 5]);
  return b.reshape(merged, [batch, rows, columns, block * block * channels]);
}

interface SpaceToBatchAttrs {
  readonly blockShape: Shape;
  readonly paddings: Paddings;
}

interface BatchToSpaceAttrs {
  readonly blockShape: Shape;
  readonly crops: Paddings;
}

export const blockLowerings = {
  SpaceToBatchND: lowering(['x'], (b, [x], { blockShape, paddings }: SpaceToBatchAttrs) =>
    spaceToBatch(b, x, blockShape, paddings),
  ),
  BatchToSpaceND: lowering(['x'], (b, [x], { blockShape, crops }: BatchToSpaceAttrs) =>
    batchToSpace(b, x, blockShape, crops),
  ),
  DepthToSpace: inNhwc(depthToSpace),
  /** Of TensorFlow; tfjs has no such kernel. */
  SpaceToDepth: inNhwc(spaceToDepth),
};
