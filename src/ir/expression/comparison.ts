import {
  defineOp,
  isTwice,
  sameType,
  type ScalarOp,
  type ScalarOpDefinition,
  type ScalarType,
} from './scalar-op';
import * as bits from './functions/bits';
import { bool, literal } from './wgsl';

/** A comparison of two values of one type. */
function comparison(
  kernel: string,
  compute: (a: number, b: number) => boolean,
  condition: (a: string, b: string) => string,
): ScalarOpDefinition {
  return {
    kernel,
    arity: 2,
    cost: 1,
    resultType: (args) => sameType(args) && 'bool',
    compute: ([a, b]) => Number(compute(a, b)),
    wgsl(args, ctx) {
      const [a, b] = args;
      if (!isTwice(args, ctx)) return bool(condition(a, b), ctx);
      // It holds for equal numbers, or for no number; NaN is unlike all and itself.
      const isNan = bits.isNan.call(ctx, a);
      if (compute(0, 0)) return bool(`!${isNan}`, ctx);
      return compute(NaN, NaN) ? bool(isNan, ctx) : literal(0, 'bool', ctx);
    },
  };
}

/** A connective of two bools. */
function logical(kernel: string, operator: '&' | '|'): ScalarOpDefinition {
  return {
    kernel,
    arity: 2,
    cost: 1,
    resultType: (args): ScalarType | undefined => (sameType(args) === 'bool' ? 'bool' : undefined),
    compute: ([a, b]) => (operator === '&' ? a & b : a | b),
    wgsl: ([a, b]) => `${a} ${operator} ${b}`,
  };
}

/** Comparisons and logic of two arguments. */
export const comparisonOps: readonly ScalarOp[] = [
  comparison(
    'Equal',
    (a, b) => a === b,
    (a, b) => `${a} == ${b}`,
  ),
  // Not `!=`: whether that is true for NaN depends on the shader compiler.
  comparison(
    'NotEqual',
    (a, b) => a !== b,
    (a, b) => `!(${a} == ${b})`,
  ),
  comparison(
    'Less',
    (a, b) => a < b,
    (a, b) => `${a} < ${b}`,
  ),
  comparison(
    'LessEqual',
    (a, b) => a <= b,
    (a, b) => `${a} <= ${b}`,
  ),
  comparison(
    'Greater',
    (a, b) => a > b,
    (a, b) => `${a} > ${b}`,
  ),
  comparison(
    'GreaterEqual',
    (a, b) => a >= b,
    (a, b) => `${a} >= ${b}`,
  ),
  logical('LogicalAnd', '&'),
  logical('LogicalOr', '|'),
].map(defineOp);
