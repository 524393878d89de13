/** Gated linear units: two products of the same rows, one of which switches the other. */
import { sameShape, sizeOf, type Node, type Value } from '../../ir/graph';
import { any, op } from '../match';
import type { FusionRule, Match } from '../rule';
import { denseOf } from './dense-layer';
import { findProducts, traceExpression, type TracedExpression } from './trace-products';

const isProduct = (node: Node): boolean => node.kernel === 'BatchMatMul' && denseOf(node) !== null;

/** Two products, and what makes one of both. */
interface Unit extends TracedExpression {
  readonly first: Node;
  readonly second: Node;
}

/** The unit that a multiplication ends; '' or a reason if it ends none. */
function unitOf(match: Match): Unit | string {
  const { root } = match;
  const [top] = root.outputs;
  const region = findProducts(match, top, root, isProduct);
  const { products, leaks } = region;
  if (products.length < 2) {
    const pair = [...products, ...leaks];
    return products.length === 1 && pair.length === 2 && pair[0].inputs[0] === pair[1].inputs[0]
      ? 'one of its products is needed elsewhere as well'
      : '';
  }
  if (products.length > 2) return `it joins ${products.length} products`;
  const [first, second] = products;
  if (first.inputs[0] !== second.inputs[0]) return 'its products are of different rows';
  const isAlike =
    first.attrs.transposeB === second.attrs.transposeB &&
    sameShape(first.inputs[1].shape, second.inputs[1].shape);
  if (!isAlike) return 'its weights are laid out differently';
  const traced = traceExpression(region, top, 2);
  return typeof traced === 'string' ? traced : { ...traced, first, second };
}

/** SwiGLU, GEGLU and their like: rows are loaded once, for two sums in registers. */
export const gatedProduct: FusionRule<Unit> = {
  name: 'gated-product',
  equation: 'f(x · a) · (x · b) ⇒ gated(x, a, b)',
  match: op('Multiply', [any(), any()]),
  check: unitOf,
  rewrite(match, build, { first, second, expr, operands }) {
    build.origins = [...new Set([first, second, match.root].flatMap(({ origins }) => origins))];
    const [x, { shape }] = first.inputs;
    const asMatrix = (value: Value): Value => build.reshape(value, shape.slice(-2));
    const depth = x.shape.at(-1) as number;
    const inputs = [
      build.reshape(x, [sizeOf(x.shape) / depth, depth]),
      asMatrix(first.inputs[1]),
      asMatrix(second.inputs[1]),
      ...operands.map(({ value, shape: matrix }) => build.reshape(value, matrix)),
    ];
    const { transposeB } = first.attrs;
    const y = build.op('GatedMatMul', inputs, { transposeB, combine: expr });
    return build.reshape(y, match.root.outputs[0].shape);
  },
};
