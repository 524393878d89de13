import { scalarOp } from '../../../src/ir/expression';
import { broadcastShapes } from '../../../src/ir/infer/shape';
import type { Value } from '../../../src/ir/graph';
import { UNIT, type Draft, type Family, type Tracked } from './draft';

interface Bound {
  readonly magnitude: number;
  readonly error: number;
}

/** An op of one argument: its attributes, and what becomes of the bounds. */
interface Unary {
  readonly kernel: string;
  readonly attrs?: Readonly<Record<string, unknown>>;
  bound(x: Bound): Bound;
}

const same = (x: Bound): Bound => x;
const square = ({ magnitude: m, error: e }: Bound): Bound => ({
  magnitude: m * m,
  error: 2 * m * e + e * e + UNIT * m * m,
});

/** Exact on integers, and steady: a small error of the argument stays a small one. */
const steadyUnary: readonly Unary[] = [
  { kernel: 'Relu', bound: same },
  { kernel: 'Relu6', bound: same },
  { kernel: 'Neg', bound: same },
  { kernel: 'Abs', bound: same },
  { kernel: 'Square', bound: square },
  {
    kernel: 'ClipByValue',
    attrs: { clipValueMin: -2, clipValueMax: 3 },
    bound: ({ magnitude, error }) => ({ magnitude: Math.min(magnitude, 3), error }),
  },
];

/** Jumps: of use where the argument is exact. */
const steppingUnary: readonly Unary[] = [
  { kernel: 'Sign', bound: () => ({ magnitude: 1, error: 0 }) },
  { kernel: 'Floor', bound: same },
  { kernel: 'Round', bound: same },
];

/**
 * `slope` bounds the derivative, `limit` the result; `own` is the op's own error in units of
 * 2^-24 of the limit: WGSL's bound for what the op is made of, twice as much for both sides.
 */
function smooth(
  kernel: string,
  slope: number,
  limit: (m: number) => number,
  own: number,
  attrs = {},
): Unary {
  return {
    kernel,
    attrs,
    bound: ({ magnitude, error }) => ({
      magnitude: limit(magnitude),
      error: slope * error + own * UNIT * limit(magnitude),
    }),
  };
}

const smoothUnary: readonly Unary[] = [
  smooth('Tanh', 1, () => 1, 32),
  smooth('Sigmoid', 0.25, () => 1, 16),
  smooth('Erf', 1.13, () => 1, 16),
  smooth('Elu', 1, (m) => Math.max(m, 1), 16),
  smooth('Selu', 1.76, (m) => Math.max(1.06 * m, 1.76), 16),
  smooth('LeakyRelu', 1, (m) => m, 2, { alpha: 0.3 }),
  smooth('Softplus', 1, (m) => m + 0.7, 16),
  smooth('Mish', 1.1, (m) => m + 0.31, 24),
  smooth('Sin', 1, () => 1, 16),
  {
    // The error of exp grows with its argument, and so does the error of the argument.
    kernel: 'Exp',
    bound: ({ magnitude: m, error }) => ({
      magnitude: Math.exp(m),
      error: Math.exp(m) * (error + (6 + 4 * m) * UNIT),
    }),
  },
];

function applyUnary(draft: Draft, ops: readonly Unary[], allowed: (x: Tracked) => boolean) {
  const { kernel, attrs = {}, bound } = draft.pickFrom(ops);
  const x = draft.choose(
    (tracked) =>
      allowed(tracked) && scalarOp(kernel)?.resultType([tracked.value.dtype], attrs) !== undefined,
  );
  if (!x) return null;
  const { magnitude, error } = bound(x);
  return draft.accept(draft.b.op(kernel, [x.value], attrs), magnitude, error);
}

/** Values that broadcast together, an operand of the graph or a new constant. */
function broadcastPartner(draft: Draft, x: Tracked): Tracked | null {
  const { shape, dtype } = x.value;
  switch (draft.pick(4)) {
    case 1:
      return draft.constant([], dtype);
    case 2:
      return draft.constant(shape.slice(-1), dtype);
    case 3:
      return draft.constant(
        shape.map((dim) => (draft.flag() ? dim : 1)),
        dtype,
      );
    default:
      return draft.choose(({ value }) => value.dtype === dtype && fits(value, x.value));
  }
}

function fits(a: Value, b: Value): boolean {
  try {
    return broadcastShapes([a.shape, b.shape]).length <= 6;
  } catch {
    return false;
  }
}

const sum = (a: Bound, b: Bound): Bound => ({
  magnitude: a.magnitude + b.magnitude,
  error: a.error + b.error + UNIT * (a.magnitude + b.magnitude),
});
const product = (a: Bound, b: Bound): Bound => ({
  magnitude: a.magnitude * b.magnitude,
  error:
    a.magnitude * b.error +
    b.magnitude * a.error +
    a.error * b.error +
    UNIT * a.magnitude * b.magnitude,
});
const larger = (a: Bound, b: Bound): Bound => ({
  magnitude: Math.max(a.magnitude, b.magnitude),
  error: Math.max(a.error, b.error),
});

const binaryOps: readonly [kernel: string, bound: (a: Bound, b: Bound) => Bound][] = [
  ['Add', sum],
  ['Sub', sum],
  ['Multiply', product],
  ['Maximum', larger],
  ['Minimum', larger],
  ['Prelu', (a, b) => larger(a, product(a, b))],
  ['SquaredDifference', (a, b) => square(sum(a, b))],
];

const binary: Family = (draft) => {
  const [kernel, bound] = draft.pickFrom(binaryOps);
  const a = draft.choose(
    ({ value: { dtype } }) => scalarOp(kernel)?.resultType([dtype, dtype], {}) === dtype,
  );
  const b = a && broadcastPartner(draft, a);
  if (!a || !b) return null;
  const [left, right] = draft.flag() ? [b, a] : [a, b];
  const { magnitude, error } = bound(left, right);
  return draft.accept(draft.b.op(kernel, [left.value, right.value]), magnitude, error);
};

const COMPARISONS = ['Greater', 'GreaterEqual', 'Less', 'LessEqual', 'Equal', 'NotEqual'];

const comparison: Family = (draft) => {
  const a = draft.choose(({ error }) => error === 0);
  const b = a && broadcastPartner(draft, a);
  if (!a || !b || b.error !== 0) return null;
  return draft.accept(draft.b.op(draft.pickFrom(COMPARISONS), [a.value, b.value]), 1, 0);
};

const logical: Family = (draft) => {
  const a = draft.choose(({ value }) => value.dtype === 'bool');
  if (!a) return null;
  const kernel = draft.pickFrom(['LogicalNot', 'LogicalAnd', 'LogicalOr']);
  const b = kernel === 'LogicalNot' ? null : broadcastPartner(draft, a);
  return draft.accept(draft.b.op(kernel, b ? [a.value, b.value] : [a.value]), 1, 0);
};

const select: Family = (draft) => {
  const condition = draft.choose(({ value }) => value.dtype === 'bool');
  const a = condition && draft.choose(({ value }) => fits(value, condition.value));
  const b = a && broadcastPartner(draft, a);
  if (!condition || !b || !fits(b.value, condition.value)) return null;
  const { magnitude, error } = larger(a, b);
  const operands = [condition.value, a.value, b.value];
  return draft.accept(draft.b.op('Select', operands), magnitude, error);
};

const cast: Family = (draft) => {
  const dtype = draft.pickFrom(['float32', 'int32', 'bool'] as const);
  const x = draft.choose(({ error }) => dtype === 'float32' || error === 0);
  if (!x) return null;
  return draft.accept(draft.b.cast(x.value, dtype), dtype === 'bool' ? 1 : x.magnitude, x.error);
};

const isFloat = ({ value }: Tracked) => value.dtype === 'float32';

/** Elementwise steps; those that need an exact argument look for one. */
export const exactElementwise: readonly Family[] = [
  (draft) => applyUnary(draft, steadyUnary, () => true),
  (draft) => applyUnary(draft, steppingUnary, ({ error }) => error === 0),
  binary,
  binary,
  comparison,
  logical,
  select,
  cast,
];

/** `x / (1 + |y|)`. */
const quotient: Family = (draft) => {
  const x = draft.choose(isFloat);
  const y = x && broadcastPartner(draft, x);
  if (!x || !y) return null;
  const { b } = draft;
  const below = b.op('Add', [b.op('Abs', [y.value]), b.scalar(1)]);
  const error = x.error + x.magnitude * (y.error + 8 * UNIT);
  return draft.accept(b.op('RealDiv', [x.value, below]), x.magnitude, error);
};

/** Elementwise steps whose results are rounded. */
export const smoothElementwise: readonly Family[] = [
  (draft) => applyUnary(draft, steadyUnary, isFloat),
  (draft) => applyUnary(draft, smoothUnary, isFloat),
  (draft) => applyUnary(draft, smoothUnary, isFloat),
  binary,
  quotient,
  select,
];
