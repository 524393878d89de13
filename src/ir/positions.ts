/** Where keys and queries are: constants that count them, and masks that compare such constants. */
import type { Expr } from './expression';
import type { Node, Value } from './graph';

/** Integers that rise by one along an axis, counted from the last: 0 keys, 1 queries. */
export interface Positions {
  readonly axis: number;
  readonly first: number;
}

/** The positions that a constant holds; null if it holds others, or only one. */
export function positionsIn({ shape, dtype, constant }: Value): Positions | null {
  const values = constant?.host;
  if (dtype !== 'int32' || !values || values.length < 2) return null;
  const axis = shape.findIndex((dim) => dim === values.length);
  if (axis < 0 || values.some((value, i) => value !== values[0] + i)) return null;
  return { axis: shape.length - 1 - axis, first: values[0] };
}

/** A causal mask: a query sees the keys up to its own position and `offset` more. */
export interface CausalMask {
  readonly offset: number;
  /** The score of a hidden key. */
  readonly hidden: number;
}

/** Comparisons that hold where a key is visible: which operand is the key, and what is added to `offset`. */
const COMPARISONS: Readonly<Record<string, { readonly key: 0 | 1; readonly more: number }>> = {
  LessEqual: { key: 0, more: 0 },
  Less: { key: 0, more: -1 },
  GreaterEqual: { key: 1, more: 0 },
  Greater: { key: 1, more: -1 },
};

/** True for a comparison of positions, which says what to compute where it is needed. */
export function comparesPositions({ producer }: Value): boolean {
  return (
    producer !== undefined &&
    producer.kernel in COMPARISONS &&
    producer.inputs.every((operand) => positionsIn(operand))
  );
}

/** The causal mask that comes last in the scores of an attention; null if there is none. */
export function causalMask({ attrs, inputs }: Node): CausalMask | null {
  const score = attrs.score as Expr;
  if (score.kind !== 'apply' || score.op.kernel !== 'Select') return null;
  const [visible, , hidden] = score.args;
  if (visible.kind !== 'apply' || hidden.kind !== 'constant') return null;
  const comparison = COMPARISONS[visible.op.kernel];
  if (!comparison) return null;
  const [keys, queries] = [comparison.key, 1 - comparison.key].map((at) => {
    const arg = visible.args[at];
    return arg.kind === 'input' && arg.index > 0 ? positionsIn(inputs[arg.index + 2]) : null;
  });
  if (keys?.axis !== 0 || queries?.axis !== 1) return null;
  return { offset: queries.first - keys.first + comparison.more, hidden: hidden.value };
}
