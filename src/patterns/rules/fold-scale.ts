/** Factors of channels, of a batch normalization as a rule, go into the weights in front of them. */
import type { GraphBuilder } from '../../ir/builder';
import type { Node, Value } from '../../ir/graph';
import { sizeOf } from '../../ir/graph';
import { any, constant, oneOf, op } from '../match';
import type { FusionRule, Match } from '../rule';

/**
 * Where the output channels are in a filter: the shape in which one factor for each of them
 * multiplies the filter.
 */
const factorShapes: Readonly<Record<string, (node: Node, channels: number) => number[]>> = {
  // [height, width, in, out]
  Conv2D: (_node, channels) => [channels],
  // [height, width, in, multiplier]; channel in · multiplier + m
  DepthwiseConv2dNative: (node) => [...node.inputs[1].shape.slice(2)],
  // [height, width, out, in]
  Conv2DBackpropInput: (_node, channels) => [channels, 1],
  // [batch…, in, out], or transposed
  BatchMatMul: (node, channels) => (node.attrs.transposeB ? [channels, 1] : [channels]),
};

const linear = op(Object.keys(factorShapes), [any('x'), constant('weights')], { as: 'product' });

const shifted = oneOf(op(['Add', 'Sub'], [linear, constant('shift')], { as: 'sum' }), linear);

function scaleWeights(match: Match, build: GraphBuilder): Value {
  const node = match.value('product').producer as Node;
  const channels = node.outputs[0].shape[node.outputs[0].shape.length - 1];
  const scale = match.value('scale');
  const single = sizeOf(scale.shape) === 1;
  const factor = build.reshape(scale, single ? [] : factorShapes[node.kernel](node, channels));
  const weights = build.op(match.root.kernel, [match.value('weights'), factor]);
  return build.op(
    node.kernel,
    [match.value('x'), weights],
    node.attrs,
    undefined,
    node.outputs[0].shape,
  );
}

/**
 * Batch normalisation after a convolution or a matrix product costs nothing: the factor goes into
 * the weights, which are constants. Only the output's own channels are scaled and shifted, so
 * padding plays no part.
 */
export const foldScale: FusionRule = {
  name: 'fold-scale',
  equation: '(conv(x, w) + b) · s ⇒ conv(x, w · s) + b · s',
  match: op(['Multiply', 'RealDiv'], [shifted, constant('scale')]),
  check(match) {
    const { shape } = match.value('product');
    const scale = match.value('scale').shape;
    const channels = shape[shape.length - 1];
    const last = scale[scale.length - 1] ?? 1;
    if (
      scale.length > shape.length ||
      sizeOf(scale) !== last ||
      (last !== 1 && last !== channels)
    ) {
      return `the factor [${scale}] is not one for each of the ${channels} output channels`;
    }
    return null;
  },
  rewrite(match, build) {
    const product = scaleWeights(match, build);
    const sum = match.find('sum')?.producer;
    if (!sum) return product;
    const shift = build.op(match.root.kernel, [match.value('shift'), match.value('scale')]);
    return build.op(sum.kernel, [product, shift]);
  },
};
