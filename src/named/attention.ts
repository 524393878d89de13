/** Scaled dot-product attention: Vaswani et al., "Attention Is All You Need" (2017). */
import {
  add,
  broadcastTo,
  expandDims,
  lessEqual,
  logicalAnd,
  matMul,
  mul,
  range,
  softmax,
  sub,
  sum,
  Tensor,
  tensor,
  tidy,
  where,
  type TensorLike,
} from '@tensorflow/tfjs-core';
import type { ComposedKernel } from '../eager/kernels';
import type { GraphBuilder } from '../ir/builder';
import { apply, constant, input, scalarOp, type Expr, type ScalarOp } from '../ir/expression';
import type { Value } from '../ir/graph';
import { lowering } from '../lowering/lowering';
import { broadcastsTo, fail, floatTensor, sumTo, type Input } from './arguments';
import { nothing, run, withGradient } from './named-kernel';

export interface AttentionOptions {
  /**
   * Of a shape that broadcasts to the scores [batch, heads?, queries, keys]. float32: added to the
   * scores. bool: true where a query sees a key.
   */
  readonly mask?: Input | null;
  /**
   * Queries see no key behind them. The last query is at the last key: where there are fewer
   * queries than keys, as in a decoder's step, the first `keys − queries` keys are before all of
   * them.
   */
  readonly causal?: boolean;
  /** What products of queries and keys are multiplied with; 1 / √depth. */
  readonly scale?: number;
}

interface AttentionAttrs {
  readonly scale: number;
  readonly causal: boolean;
}

/**
 * The score of a hidden key. Finite, so that a query that sees no key gives a mean of values and no
 * NaN, which would spread to all other queries in the next layer; 0.7 leaves room for differences.
 */
const HIDDEN = -0.7 * 3.4028234663852886e38;

/** The scores of an attention, given its product and what hides keys. */
function scoreOf(
  product: Expr,
  mask: Expr | undefined,
  positions: readonly Expr[],
  scale: number,
): Expr {
  const op = (kernel: string, ...operands: Expr[]): Expr =>
    apply(scalarOp(kernel) as ScalarOp, operands, {});
  let s = op('Multiply', product, constant(scale, 'float32'));
  const show = (visible: Expr): Expr => op('Select', visible, s, constant(HIDDEN, 'float32'));
  if (mask) s = mask.type === 'bool' ? show(mask) : op('Add', s, mask);
  return positions.length > 0 ? show(op('LessEqual', ...positions)) : s;
}

function lower(
  b: GraphBuilder,
  [q, k, v]: readonly Value[],
  given: Value | undefined,
  { scale, causal }: AttentionAttrs,
): Value {
  const queries = q.shape[q.shape.length - 2];
  const keys = v.shape[v.shape.length - 2];
  const count = (length: number, from: number): number[] =>
    Array.from({ length }, (_, at) => from + at);
  const positions = causal
    ? [
        b.hostConstant([keys], 'int32', count(keys, 0)),
        b.hostConstant([queries, 1], 'int32', count(queries, keys - queries)),
      ]
    : [];
  const masks = given ? [given, ...positions] : positions;
  const slots = masks.map((value, at): Expr => input(at + 1, value.dtype));
  const mask = given && slots[0];
  const score = scoreOf(input(0, 'float32'), mask, slots.slice(given ? 1 : 0), scale);
  return b.op('Attention', [q, k, v, ...masks], { score });
}

/** Which keys the queries see, where they do not see all; broadcasts to the scores. */
function visibleKeys(q: Tensor, k: Tensor, mask: Tensor | undefined, causal: boolean) {
  const given = mask?.dtype === 'bool' ? mask : undefined;
  if (!causal) return given;
  const [queries, keys] = [q, k].map(({ shape }) => shape[shape.length - 2]);
  const last = expandDims(range(keys - queries, keys, 1, 'int32'), 1);
  const before = lessEqual(range(0, keys, 1, 'int32'), last);
  return given ? logicalAnd(given, before) : before;
}

/**
 * Matrices repeated for all of a batch: where products broadcast, tfjs has no gradient, and on `cpu`
 * pairs up others than these.
 */
function spread(x: Tensor, like: number[]): Tensor {
  const shape = [...like.slice(0, -2), ...x.shape.slice(-2)];
  return String(shape) === String(x.shape) ? x : broadcastTo(x, shape);
}

/** softmax(score(q · kᵀ)). */
function weigh(
  q: Tensor,
  k: Tensor,
  mask: Tensor | undefined,
  visible: Tensor | undefined,
  scale: number,
): Tensor {
  let scores: Tensor = mul(matMul(q, k, false, true), scale);
  if (mask && mask.dtype !== 'bool') scores = add(scores, mask);
  return softmax(visible ? where(visible, scores, HIDDEN) : scores);
}

export const attentionKernel: ComposedKernel = {
  kernel: 'WebGPUFusedAttention',
  hasManyOutputs: true,
  ...lowering(['q', 'k', 'v', 'mask?'], (b, [q, k, v, mask], attrs: AttentionAttrs) => [
    lower(b, [q, k, v], mask, attrs),
  ]),
  compose(operands, attrs) {
    const { scale, causal } = attrs as unknown as AttentionAttrs;
    const [q, k, v] = operands
      .slice(0, 3)
      .map((x) => spread(x as Tensor, (operands[0] as Tensor).shape));
    const mask = operands[3];
    const visible = visibleKeys(q, k, mask, causal);
    return [matMul(weigh(q, k, mask, visible, scale), v)];
  },
};

/**
 * The gradient computes the weights p once more and stores none between the passes. With ∘ for
 * products of elements: dv = pᵀ · dy; ds = p ∘ (dp − Σ dp ∘ p), dp = dy · vᵀ; dq = ds · k.
 */
function attend(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  mask: Tensor | undefined,
  attrs: AttentionAttrs,
): Tensor {
  const { scale, causal } = attrs;
  const isAdded = mask?.dtype === 'float32';
  const isBool = mask?.dtype === 'bool';
  return withGradient(
    isAdded ? [q, k, v, mask] : [q, k, v],
    () => run(attentionKernel, [q, k, v, mask], { ...attrs })[0],
    (dy, [q, oneK, oneV, mask]) => {
      const [k, v] = [oneK, oneV].map((x) => spread(x, q.shape));
      const visible = visibleKeys(q, k, mask, causal);
      const weights = weigh(q, k, mask, visible, scale);
      const dWeights = matMul(dy, v, false, true);
      const all = mul(weights, sub(dWeights, sum(mul(dWeights, weights), -1, true)));
      const dScores = visible ? where(visible, all, 0) : all;
      const dProduct = mul(dScores, scale);
      const gradients = [
        matMul(dProduct, k),
        sumTo(matMul(dProduct, q, true), oneK.shape),
        sumTo(matMul(weights, dy, true), oneV.shape),
      ];
      if (isAdded) gradients.push(sumTo(dScores, mask.shape));
      return gradients;
    },
    isBool ? [mask] : [],
  );
}

function maskTensor(mask: Input | null | undefined): Tensor | undefined {
  if (mask == null) return undefined;
  const given = mask instanceof Tensor ? mask : tensor(mask);
  given.throwIfDisposed();
  if (given.dtype === 'float32' || given.dtype === 'bool') return given;
  const needs = 'bool, true where a key is seen, or float32, added to the scores';
  return fail(
    'attention',
    `mask of dtype ${given.dtype}`,
    needs,
    "Cast it: tf.cast(mask, 'bool').",
  );
}

function checkShapes(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | undefined): void {
  const got = `q [${q.shape}], k [${k.shape}], v [${v.shape}]`;
  const { rank } = q;
  if ((rank !== 3 && rank !== 4) || k.rank !== rank || v.rank !== rank) {
    const needs = 'all of rank 3, [batch, length, depth], or 4, [batch, heads, length, depth]';
    fail('attention', got, needs, 'Reshape them; transpose heads in front of the length.');
  }
  const [queries, depth] = q.shape.slice(-2);
  const [keys, keyDepth] = k.shape.slice(-2);
  if (depth !== keyDepth || keys !== v.shape[rank - 2] || depth === 0) {
    const needs = 'queries and keys of one depth, at least 1, and a value for each key';
    fail('attention', got, needs, 'Check the order of the arguments, and of the dimensions.');
  }
  const batch = q.shape.slice(0, -2);
  if (![k, v].every(({ shape }) => broadcastsTo(shape.slice(0, -2), batch))) {
    const needs = 'keys and values with the batch and the heads of the queries, or 1';
    fail('attention', got, needs, 'Tile what has other dimensions.');
  }
  const scores = [...batch, queries, keys];
  if (mask && !broadcastsTo(mask.shape, scores)) {
    const needs = `a shape that broadcasts to the scores [${scores}]`;
    fail('attention', `mask [${mask.shape}]`, needs, 'Reshape it: 1 where all see the same.');
  }
}

/**
 * Scaled dot-product attention, `softmax(q · kᵀ · scale + mask) · v` (Vaswani et al., "Attention Is
 * All You Need", 2017). On `webgpu-fused` one dispatch that never stores the scores, with an online
 * softmax (Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018; Dao et al.,
 * "FlashAttention", 2022); on GPUs two for few queries over many keys. Depths above 256 are products and
 * a softmax. A value that is NaN does not count where a causal query does not see it, or as in a sum with
 * weight 0: which, depends on the adapter.
 *
 * @param q queries: float32 [batch, queries, depth] or [batch, heads, queries, depth].
 * @param k keys: as many dimensions, […, keys, depth]; batch and heads those of q, or 1.
 * @param v values: as many dimensions, […, keys, width]; batch and heads those of q, or 1.
 * @returns […, queries, width]. A query that sees no key gets some mean of the values.
 * @throws Error if dtypes or shapes do not fit.
 */
export function attention<T extends Tensor = Tensor>(
  q: T | TensorLike,
  k: Input,
  v: Input,
  given: AttentionOptions | null = {},
): T {
  const options = given ?? {};
  return tidy('attention', () => {
    const query = floatTensor('attention', 'q', q);
    const key = floatTensor('attention', 'k', k);
    const value = floatTensor('attention', 'v', v);
    const mask = maskTensor(options.mask);
    checkShapes(query, key, value, mask);
    const { scale = 1 / Math.sqrt(query.shape[query.rank - 1]), causal = false } = options;
    if (!Number.isFinite(scale)) {
      fail('attention', `scale ${scale}`, 'a finite number', 'Leave it out for 1 / √depth.');
    }
    const shape = [...query.shape.slice(0, -1), value.shape[value.rank - 1]];
    const isEmpty = [query, key, value].some(({ size }) => size === 0);
    if (isEmpty) {
      const inputs = mask?.dtype === 'float32' ? [query, key, value, mask] : [query, key, value];
      return nothing(inputs, shape) as T;
    }
    return attend(query, key, value, mask, { scale, causal }) as T;
  });
}
