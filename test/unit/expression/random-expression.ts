import fc from 'fast-check';
import {
  apply,
  constant,
  input,
  scalarOp,
  type Attrs,
  type Expr,
  type ScalarType,
} from '../../../src/ir/expression';

export const INPUT_TYPES: readonly ScalarType[] = ['float32', 'float32', 'int32', 'int32', 'bool'];

type OpAttrs = readonly [string, Attrs];

const withoutAttrs = (kernels: readonly string[]) => kernels.map((kernel): OpAttrs => [kernel, {}]);

/** Ops that choose, round and compare: exact, and simple enough to keep NaN and infinities. */
export const CHOICES: readonly OpAttrs[] = [
  ...withoutAttrs(['Abs', 'Neg', 'Relu', 'Relu6', 'Sign', 'Floor', 'Ceil', 'Round', 'IsNan']),
  ...withoutAttrs(['IsInf', 'IsFinite', 'LogicalNot', 'Maximum', 'Minimum', 'FloorDiv', 'Mod']),
  ...withoutAttrs(['BitwiseAnd', 'Equal', 'NotEqual', 'Less', 'LessEqual', 'Greater']),
  ...withoutAttrs(['GreaterEqual', 'LogicalAnd', 'LogicalOr', 'Select', 'Select', 'Select']),
  ['Step', { alpha: -0.5 }],
  ['ClipByValue', { clipValueMin: -2.5, clipValueMax: 3.5 }],
  ['Cast', { dtype: 'float32' }],
  ['Cast', { dtype: 'int32' }],
  ['Cast', { dtype: 'bool' }],
];

/** Those and arithmetic, exact where a float32 can hold the result. */
export const EXACT: readonly OpAttrs[] = [
  ...CHOICES,
  ...withoutAttrs(['Add', 'Add', 'Sub', 'Sub', 'Multiply', 'Multiply', 'Square', 'Square']),
  ...withoutAttrs(['SquaredDifference', 'Prelu', 'EluGrad']),
  ['LeakyRelu', { alpha: 0.25 }],
];

const CONSTANTS: readonly (readonly [number, ScalarType])[] = [
  ...[0, 1, -1, 0.5, 6, -2.25, NaN, Infinity, -Infinity].map((x) => [x, 'float32'] as const),
  ...[0, 1, -1, 3, -(2 ** 31), 2 ** 31 - 1].map((x) => [x, 'int32'] as const),
  ...[0, 1].map((x) => [x, 'bool'] as const),
];

/** One step of growth: an op, and what picks its arguments among the expressions so far. */
interface Step {
  readonly op: number;
  readonly picks: readonly number[];
}

/** Applies the op to arguments that it takes, found from where `picks` point on. */
function grow(pool: Expr[], { op, picks }: Step, ops: readonly OpAttrs[]): void {
  const [kernel, attrs] = ops[op % ops.length];
  const scalar = scalarOp(kernel)!;
  for (let shift = 0; shift < pool.length; shift++) {
    const args = Array.from({ length: scalar.arity }, (_, i) => {
      // Only the last argument moves at once, so that mixed types find a match.
      const moved = i === 0 ? picks[i] : picks[i] + shift;
      return pool[moved % pool.length];
    });
    const types = args.map((arg) => arg.type);
    if (scalar.resultType(types, attrs) === undefined) continue;
    pool.push(apply(scalar, args, attrs));
    return;
  }
}

/** Builds the expressions of some steps; the last ones are the roots of the deepest graphs. */
export function buildExpressions(steps: readonly Step[], ops = EXACT): Expr[] {
  const pool: Expr[] = INPUT_TYPES.map((type, i) => input(i, type));
  pool.push(...CONSTANTS.map(([value, type]) => constant(value, type)));
  // Recent results first, so that graphs grow deep rather than wide.
  for (const step of steps) {
    const recent = pool.splice(-1);
    pool.unshift(...recent);
    grow(pool, step, ops);
  }
  return pool.filter((expr) => expr.kind === 'apply');
}

/** Random growth; shrinks to fewer steps. */
export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    op: fc.nat(1000),
    picks: fc.array(fc.nat(40), { minLength: 3, maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 16 },
);
