/** Small dense layers one after the other, whose hidden states never leave a workgroup. */
import type { GraphBuilder } from '../../ir/builder';
import type { Expr } from '../../ir/expression';
import { sizeOf, type Node, type Value } from '../../ir/graph';
import { any, constant, op } from '../match';
import type { FusionRule, Match, RuleTarget } from '../rule';
import { denseOf } from './dense-layer';
import { findProducts, traceExpression, type TracedOperand } from './trace-products';

/**
 * Each tile of rows streams all weights through one workgroup; a product by itself spreads them over
 * all cores. At the 50 GB/s and more that one core of a GPU reads from its caches, this many weights
 * take 10 µs, which is about what a dispatch costs that waits for another one.
 */
const MAX_WEIGHTS = 1 << 17;
/**
 * Where products stage tiles, a small one takes 5 µs in all (measured on an H200: 4.9 for 64 rows of
 * 256 × 256), so that each layer has to pay for itself: in 2.6 µs one core reads this many weights.
 */
const MAX_LAYER_WEIGHTS = 1 << 15;
/** More rows keep a GPU busy in kernels of their own, and would read the weights too often. */
const MAX_ROWS = 64;
/** Columns that a workgroup computes at once. */
const MAX_COLUMNS = 256;
/** Elements of an input row that leave workgroup memory for two rows and their sums. */
const MAX_INPUT = 1024;

/** Layers that are to be one kernel. */
interface Chain {
  readonly x: Value;
  readonly rows: number;
  /** Widths of the input, of every hidden layer, and of the output. */
  readonly widths: readonly number[];
  readonly activations: readonly Expr[];
  readonly operands: readonly TracedOperand[];
  weights(build: GraphBuilder): Value[];
}

const rowsOf = ({ outputs: [{ shape }] }: Node): number => sizeOf(shape.slice(0, -1));

/** The layers that `node` computes by itself: one, or those of a chain that exists already. */
function layersOf(node: Node): Chain | null {
  const rows = rowsOf(node);
  if (node.kernel === 'DenseChain') {
    const [x, ...others] = node.inputs;
    const activations = node.attrs.activations as readonly Expr[];
    const weights = others.slice(0, activations.length + 1);
    return {
      x,
      rows,
      widths: [x, ...weights].map(({ shape }) => shape[1]),
      activations,
      operands: others.slice(weights.length).map((value) => ({
        value,
        shape: [value.shape[0], value.shape[1]],
      })),
      weights: () => weights,
    };
  }
  const dense = denseOf(node);
  return (
    dense && {
      x: dense.x,
      rows,
      widths: [dense.depth, dense.columns],
      activations: [],
      operands: [],
      weights: (build) => [dense.weights(build)],
    }
  );
}

/** The chain that ends at the root, or a reason why there is none; '' where nothing is like one. */
function chainOf(match: Match): Chain | string {
  const { root } = match;
  const last = denseOf(root);
  // An image has more pixels than a chain may have rows, and nobody would expect one there.
  if (!last || (root.kernel === 'Conv2D' && rowsOf(root) > MAX_ROWS)) return '';
  const region = findProducts(match, last.x, root, (node) => layersOf(node) !== null);
  const { products, leaks } = region;
  if (products.length === 0) {
    return leaks.length > 0 ? 'its hidden layer is needed elsewhere as well' : '';
  }
  if (products.length > 1) return 'its hidden layer joins two products';
  const [product] = products;
  const before = layersOf(product) as Chain;
  const traced = traceExpression(region, last.x, 1 + before.operands.length);
  if (typeof traced === 'string') return traced;
  const chain: Chain = {
    ...before,
    widths: [...before.widths, last.columns],
    activations: [...before.activations, traced.expr],
    operands: [...before.operands, ...traced.operands],
    weights: (build) => [...before.weights(build), last.weights(build)],
  };
  return whyTooLarge(chain, match.target) ?? chain;
}

function whyTooLarge(
  { rows, widths, operands }: Chain,
  { maxStorageBuffers, stagesTiles }: RuleTarget,
): string | null {
  const [input, ...columns] = widths;
  const maxWeights = stagesTiles
    ? Math.min(MAX_WEIGHTS, columns.length * MAX_LAYER_WEIGHTS)
    : MAX_WEIGHTS;
  const limits: readonly [count: number, most: number, what: string][] = [
    [rows, MAX_ROWS, 'rows'],
    [Math.max(...columns), MAX_COLUMNS, 'columns of a layer'],
    [input, MAX_INPUT, 'elements of a row'],
    [
      columns.reduce((sum, count, i) => sum + count * widths[i], 0),
      maxWeights,
      'weights, which every workgroup would read,',
    ],
    // Rows, weights, operands, and the result.
    [2 + columns.length + operands.length, maxStorageBuffers, 'storage buffers'],
  ];
  const broken = limits.find(([count, most]) => count > most);
  return broken ? `${broken[0]} ${broken[2]} are more than ${broken[1]}` : null;
}

/** Multilayer perceptrons, squeeze-and-excite blocks, heads of classifiers. */
export const denseChain: FusionRule<Chain> = {
  name: 'dense-chain',
  equation: 'f(x · a) · b ⇒ chain(x, a, f, b), for small layers',
  match: op(['BatchMatMul', 'Conv2D'], [any(), constant()]),
  check: chainOf,
  rewrite(match, build, chain) {
    const { x, rows, widths, activations, operands } = chain;
    const inputs = [
      build.reshape(x, [rows, widths[0]]),
      ...chain.weights(build),
      ...operands.map(({ value, shape }) => build.reshape(value, shape)),
    ];
    const y = build.op('DenseChain', inputs, { activations });
    return build.reshape(y, match.root.outputs[0].shape);
  },
};
