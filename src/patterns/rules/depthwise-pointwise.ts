/** Depthwise separable blocks, whose hidden image never leaves a workgroup. */
import { isConstant } from '../../ir/constant-part';
import type { Expr } from '../../ir/expression';
import { sizeOf, type Node } from '../../ir/graph';
import { any, constant, op } from '../match';
import type { FusionRule, Match, RuleTarget } from '../rule';
import { denseOf, type Dense } from './dense-layer';
import { findProducts, traceExpression, type TracedOperand } from './trace-products';

/**
 * The hidden channels of four pixels fit into the workgroup memory that every device has, 16 KiB. With
 * fewer pixels a weight is read for fewer multiply-adds than by a convolution of its own, which costs
 * more than the dispatch.
 */
const MAX_CHANNELS = 1024;

/**
 * Where products stage tiles, a pointwise convolution by itself reads its weights once for each tile
 * of rows and spreads them over all cores. A block has every workgroup read all of them, for a few
 * pixels: at the 40 GB/s that one core was seen to read, this many weights take 3 µs, about what is
 * saved with the dispatch and the hidden image.
 */
const MAX_WEIGHTS = 1 << 15;
/**
 * And it multiplies at half the rate or less: this many multiply-adds take a device about as long,
 * for each of the workgroups that keep it busy. Measured on an H200, as one kernel and as two: 48 and
 * 14 µs at 14² × 512 → 512, 17 and 12 µs at 56² × 128 → 128; both have three times as many.
 */
const MAX_PRODUCTS = 1 << 16;

/** Layers that are to be one kernel. */
interface Block {
  readonly depthwise: Node;
  readonly pointwise: Dense;
  readonly activation: Expr;
  readonly operands: readonly TracedOperand[];
  /** All that becomes one. */
  readonly nodes: readonly Node[];
}

const isDepthwise = ({ kernel, inputs }: Node): boolean =>
  kernel === 'DepthwiseConv2dNative' && isConstant(inputs[1]);

/** The block that ends at the root, or a reason why there is none; '' where nothing is like one. */
function blockOf(match: Match): Block | string {
  const { root } = match;
  const pointwise = denseOf(root);
  if (!pointwise) return '';
  const region = findProducts(match, pointwise.x, root, isDepthwise);
  const { products, leaks } = region;
  if (products.length === 0) {
    return leaks.length > 0 ? 'its hidden image is needed elsewhere as well' : '';
  }
  if (products.length > 1) return 'its hidden image joins two depthwise convolutions';
  const { depth } = pointwise;
  if (depth % 4 !== 0) return `${depth} hidden channels are no whole vectors of 4`;
  if (depth > MAX_CHANNELS) return `${depth} hidden channels are more than ${MAX_CHANNELS}`;
  const traced = traceExpression(region, pointwise.x, 1);
  if (typeof traced === 'string') return traced;
  // The image, its filter, the weights, operands, and the result.
  const buffers = 4 + traced.operands.length;
  if (buffers > match.target.maxStorageBuffers) {
    return `${buffers} storage buffers are more than ${match.target.maxStorageBuffers}`;
  }
  const slow = whySlower(pointwise, sizeOf(products[0].outputs[0].shape.slice(0, 3)), match.target);
  if (slow !== null) return slow;
  return {
    depthwise: products[0],
    pointwise,
    activation: traced.expr,
    operands: traced.operands,
    nodes: [...region.inside, root],
  };
}

/** Why a depthwise convolution and a tiled product are faster than one kernel, or null. */
function whySlower(
  { depth, columns }: Dense,
  pixels: number,
  { stagesTiles, busyWorkgroups }: RuleTarget,
): string | null {
  if (!stagesTiles) return null;
  const weights = depth * columns;
  if (weights > MAX_WEIGHTS) {
    return `${weights} weights, which every workgroup would read, are more than ${MAX_WEIGHTS}`;
  }
  const most = MAX_PRODUCTS * busyWorkgroups;
  return pixels * weights > most
    ? `${pixels * weights} multiply-adds are more than ${most}: tiles of a product of its own are faster`
    : null;
}

/** Blocks of MobileNets, and of most detectors of faces, hands and poses. */
export const depthwisePointwise: FusionRule<Block> = {
  name: 'depthwise-pointwise',
  equation: 'f(depthwise(x, a)) · b ⇒ block(x, a, f, b)',
  match: op(['BatchMatMul', 'Conv2D'], [any(), constant()]),
  check: blockOf,
  rewrite(match, build, { depthwise, pointwise, activation, operands, nodes }) {
    build.origins = [...new Set(nodes.flatMap(({ origins }) => origins))];
    const inputs = [
      ...depthwise.inputs,
      pointwise.weights(build),
      ...operands.map(({ value, shape }) => build.reshape(value, shape)),
    ];
    const { strides, dilations, pad } = depthwise.attrs;
    const y = build.op('DepthwisePointwise', inputs, { strides, dilations, pad, activation });
    return build.reshape(y, match.root.outputs[0].shape);
  },
};
