/** Which input a window reads: what convolutions and pools have in common. */
import type { Node } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import type { WindowAttrs } from '../ir/infer/window';

/** Strides, dilations and padding of a convolution or a pool. */
export function windowAttrs(node: Node): WindowAttrs {
  return node.attrs as unknown as WindowAttrs;
}

/** Input coordinate that output `out` reads at filter position `tap`. */
export function sourceCoord(
  out: IndexExpr,
  tap: IndexExpr,
  stride: number,
  dilation: number,
  before: number,
): IndexExpr {
  return ix.shift(ix.add(ix.scale(out, stride), ix.scale(tap, dilation)), -before);
}
