/** Which input a window reads: what convolutions and pools have in common. */
import type { Node } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import type { WindowAttrs } from '../ir/infer/window';
import { isKnownFinite } from '../ir/magnitudes';
import type { KernelWriter } from './wgsl/kernel-writer';

/** Strides, dilations and padding of a convolution or a pool. */
export function windowAttrs(node: Node): WindowAttrs {
  return node.attrs as unknown as WindowAttrs;
}

/** What shaders depend on of a filter's elements: taps outside of an image are left out by cheaper means where all are finite. */
export function filterFacts({ inputs: [, filter] }: Node): string {
  return isKnownFinite(filter) ? 'finite filter' : '';
}

/** Input coordinate that output `out` reads at filter position `tap`. */
export function sourceCoord(
  out: IndexExpr,
  tap: IndexExpr,
  stride: number,
  dilation: number,
  before: IndexExpr,
): IndexExpr {
  return ix.subtract(ix.add(ix.scale(out, stride), ix.scale(tap, dilation)), before);
}

/**
 * Padding in front of rows and of columns. It follows the size of an image where a convolution has
 * strides: then it is a uniform in a shader for any size, and so are windows that need none.
 */
export function paddingBefore(
  writer: KernelWriter,
  node: Node,
): readonly [rows: IndexExpr, columns: IndexExpr] {
  const { pad, strides, dilations } = windowAttrs(node);
  const size = (node.attrs.filterSize ?? node.inputs[1].shape) as readonly number[];
  const padding = (name: string, before: number, after: number, axis: 0 | 1): IndexExpr =>
    writer.options.anySize && strides[axis] > 1 && before + after > 0
      ? writer.parameter(name, before, (size[axis] - 1) * dilations[axis] + 1)
      : ix.constant(before);
  return [padding('padTop', pad.top, pad.bottom, 0), padding('padLeft', pad.left, pad.right, 1)];
}

/** Taps of a window along one axis, without those at its ends that no output finds inside the input. */
export interface UsedTaps {
  readonly begin: number;
  readonly count: number;
}

/** The taps, of `size` along `axis` (1 or 2) of `node`'s window, that some of `outputs` outputs read. */
export function usedTaps(node: Node, axis: 1 | 2, size: number, outputs: number): UsedTaps {
  const { strides, dilations, pad } = windowAttrs(node);
  const [stride, dilation] = [strides[axis - 1], dilations[axis - 1]];
  const before = axis === 1 ? pad.top : pad.left;
  const last = (outputs - 1) * stride - before;
  // Output 0 is the first to read beyond the end, the last one the last to read in front of it.
  const begin = Math.max(0, Math.ceil(-last / dilation));
  const end = Math.min(size, Math.ceil((node.inputs[0].shape[axis] + before) / dilation));
  return begin < end ? { begin, count: end - begin } : { begin: 0, count: 1 };
}
