/**
 * Scores and weights of a softmax that is taken piece by piece, four rows in the components of a
 * vector. What is not finite is told by its bits: WGSL lets `max`, comparisons and `exp` answer
 * anything for it, and drivers do.
 */
import { f32Literal, type Expr } from '../../ir/expression';
import type { Node } from '../../ir/graph';
import type { IndexExpr } from '../../ir/index-expression';
import * as ix from '../../ir/index-expression';
import { positionsIn } from '../../ir/positions';
import type { KernelEmission } from '../emit';
import { emitExpression } from '../expression';
import { broadcastCoords, LANE, type Operand } from '../wgsl/inliner';
import { attentionSizes } from './sizes';

/** Lowest finite float: the maximum of keys that are all hidden. */
export const LOWEST = f32Literal(-3.4028234663852886e38);

/**
 * This far below the maximum a weight is 0: e⁻¹⁰⁴ is less than half of the smallest float. The
 * exponential of what is farther away, perhaps infinitely, is never used.
 */
export const WEIGHTLESS = 104;

/** Registers the function that makes weights of distances to a maximum; returns its name. */
export function weightFunction({ writer }: KernelEmission): string {
  return writer.helper(
    'weightOf',
    `fn weightOf(distance: vec4<f32>) -> vec4<f32> {
  return select(vec4<f32>(0.0), exp(distance), distance > vec4<f32>(${f32Literal(-WEIGHTLESS)}));
}`,
  );
}

/** Where a score is, among the scores [batch…, queries, keys]. Rows mention the lane variable. */
export interface ScorePlace {
  readonly batch: readonly IndexExpr[];
  readonly rows: IndexExpr;
  readonly key: IndexExpr;
}

/** Writes the scores of four rows and a key, of their products. Returns their text. */
export function emitScores(
  emission: KernelEmission,
  node: Node,
  product: string,
  { batch, rows, key }: ScorePlace,
  prefix: string,
): string {
  const { writer, inliner } = emission;
  const { batch: dims, queries, keys } = attentionSizes(node);
  const shape = [...dims, queries, keys];
  return emitExpression(emission, node.attrs.score as Expr, 4, prefix, (slot): Operand => {
    if (slot === 0) return { code: product, width: 4, dtype: 'float32', depth: writer.depth };
    const mask = node.inputs[slot + 2];
    const positions = positionsIn(mask);
    if (positions && positions.axis < 2) {
      return indexOperand(emission, ix.shift(positions.axis === 0 ? key : rows, positions.first));
    }
    return inliner.value(mask, broadcastCoords([...batch, rows, key], shape, mask.shape));
  });
}

/** An index as a value, its lanes in the components of a vector. */
function indexOperand({ writer, inliner }: KernelEmission, index: IndexExpr): Operand {
  const lanes = ix.mentions(index, LANE) ? [0, 1, 2, 3] : [0];
  const codes = lanes.map((lane) =>
    inliner.index(ix.substitute(index, new Map([[LANE, ix.constant(lane)]]))),
  );
  const width = lanes.length === 4 ? 4 : 1;
  const code = width === 4 ? `vec4<i32>(${codes.join(', ')})` : `i32(${codes[0]})`;
  return inliner.define(code, width, 'int32', writer.depth);
}

/**
 * Names a score `score{name}`, the lowest number where no weight may come of it: `hidden{name}` says
 * of which rows. A key is hidden by −∞, or because `isKey` is not true. What is NaN or ∞ makes the
 * softmax of its row NaN: its bits are kept in `poison`.
 */
export function emitVisible(
  { writer }: KernelEmission,
  name: number,
  score: string,
  isKey: string,
): void {
  const lowest = `vec4<f32>(${LOWEST})`;
  writer.statement(`let bits${name} = bitcast<vec4<u32>>(${score});`);
  writer.statement(
    `let infinite${name} = (bits${name} & vec4<u32>(0x7f800000u)) == vec4<u32>(0x7f800000u);`,
  );
  const hidden = isKey ? `infinite${name} | vec4<bool>(!(${isKey}))` : `infinite${name}`;
  writer.statement(`let hidden${name} = ${hidden};`);
  const isPoison = isKey ? `infinite${name} & vec4<bool>(${isKey})` : `infinite${name}`;
  writer.statement(
    `poison |= select(vec4<u32>(0u), bits${name} ^ vec4<u32>(0xff800000u), ${isPoison});`,
  );
  writer.statement(`let score${name} = select(${score}, ${lowest}, hidden${name});`);
}
