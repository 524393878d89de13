/** How the pixels of a depthwise separable block are divided among workgroups and invocations. */
import { sizeOf, type Node } from '../ir/graph';
import { roundSize } from './candidates';
import type { KernelTarget } from './kernel';
import { windowAttrs } from './window-coords';

/** Bytes of workgroup memory, and invocations, that every device has (WebGPU, section "Limits"). */
const MAX_MEMORY = 16384;
const MAX_INVOCATIONS = 256;
/** Beyond this, more pixels save nothing: a weight is loaded once for `rows` of them whatever their number. */
const MAX_PIXELS = 64;
/** Pixels of a row that one invocation computes, so that they share what their windows share. */
const MAX_STRIP = 4;
/**
 * Rows that are not made of whole strips may be longer by one part in this many, as 7 and 14 pixels
 * are: what windows share is worth that, with filters of 5 × 5 more than with those of 3 × 3.
 */
const MIN_USED = 7;

export interface BlockTile {
  /** Pixels of a strip: neighbours in a row, whose hidden channels one invocation computes. */
  readonly strip: number;
  /** Strips that cover a row of the output. */
  readonly strips: number;
  /** Pixels of a workgroup, a multiple of `strip`. */
  readonly pixels: number;
  /** Vectors of hidden channels that a pixel has. */
  readonly vectors: number;
  /** Vectors of workgroup memory. */
  readonly length: number;
  readonly workgroups: number;
  readonly invocations: number;
  /** Pixels whose product an invocation computes at once, for one vector of channels. */
  readonly rows: number;
}

export function chooseBlockTile(node: Node, target: KernelTarget): BlockTile {
  const [, , weights] = node.inputs;
  const [channels, columns] = weights.shape;
  const [batch, height, width] = node.outputs[0].shape;
  const { anySize } = target;
  // Where sizes vary, tiles follow their class: rows that end inside of a strip have their tests all the same.
  const classOf = (count: number): number => (anySize ? roundSize(count) : count);
  const vectors = channels / 4;
  const outputs = columns % 4 === 0 ? columns / 4 : columns;
  const most = Math.min(MAX_PIXELS, MAX_MEMORY / 16 / vectors);
  const { busyInvocations, maxTile, blockInvocations, blockMemory } = target;

  const isBusy = (strip: number): boolean =>
    strip === 1 || (classOf(batch * height * width) * vectors) / strip >= busyInvocations;
  const { strides, dilations } = windowAttrs(node);
  let strip = strides[1] === 1 && dilations[1] === 1 ? MAX_STRIP : MAX_STRIP / 2;
  while (strip > most || !isBusy(strip) || (!anySize && isWasteful(width, strip))) strip /= 2;

  const strips = Math.ceil(width / strip);
  const all = batch * height * strips * strip;
  const total = classOf(all);
  let pixels = strip;
  while (
    2 * pixels <= most &&
    pixels < total &&
    Math.ceil(total / (2 * pixels)) * blockInvocations >= busyInvocations
  ) {
    pixels *= 2;
  }
  let invocations = blockInvocations;
  while (
    invocations < MAX_INVOCATIONS &&
    invocations * Math.ceil(total / pixels) < busyInvocations
  ) {
    invocations *= 2;
  }
  let rows = Math.min(pixels, maxTile[0]);
  while (rows > 1 && (pixels / rows) * outputs < blockInvocations) rows /= 2;
  return {
    strip,
    strips,
    pixels,
    vectors,
    // Part of the shader's text: rounded up, so that blocks of many sizes are one pipeline.
    length: Math.max(blockMemory / 16, 2 ** Math.ceil(Math.log2(pixels * vectors))),
    workgroups: Math.ceil(all / pixels),
    invocations,
    rows,
  };
}

function isWasteful(width: number, strip: number): boolean {
  const unused = Math.ceil(width / strip) * strip - width;
  return unused * MIN_USED > width;
}

/** Pixels whose hidden channels a block computes. */
export const pixelsOf = ({ outputs: [{ shape }] }: Node): number => sizeOf(shape.slice(0, 3));
