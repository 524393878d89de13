/** Comparisons and logic: scalar ops that answer with a bool. */
import {
  defineOp,
  isTwice,
  sameType,
  type ScalarOp,
  type ScalarOpDefinition,
  type ScalarType,
  type WgslContext,
} from './scalar-op';
import * as nan from './functions/nan';
import { bool, literal } from './wgsl';

/**
 * A comparison of two values of one type. WGSL does not promise what one with NaN answers, so of
 * floats it is asked only where both are numbers.
 */
function comparison(
  kernel: string,
  operator: string,
  compute: (a: number, b: number) => boolean,
): ScalarOpDefinition {
  return {
    kernel,
    arity: 2,
    cost: 3,
    resultType: (args) => sameType(args) && 'bool',
    compute: ([a, b]) => Number(compute(a, b)),
    wgsl(args, ctx) {
      const [a, b] = args;
      if (isTwice(args, ctx)) {
        // It holds for equal numbers, or for no number; NaN is unlike all and itself.
        const isNan = nan.isNan.call(ctx, a);
        if (compute(0, 0)) return bool(`!${isNan}`, ctx);
        return compute(NaN, NaN) ? bool(isNan, ctx) : literal(0, 'bool', ctx);
      }
      const holds = `${a} ${operator} ${b}`;
      if (ctx.types[0] !== 'float32') return bool(holds, ctx);
      const numbers = areNumbers(args, ctx);
      return compute(NaN, 0)
        ? bool(`!${numbers} | (${holds})`, ctx)
        : bool(`${numbers} & (${holds})`, ctx);
    },
  };
}

/** A condition that neither argument is NaN. A constant is known to be none, or is one. */
function areNumbers([a, b]: readonly string[], ctx: WgslContext): string {
  const isNumber = ctx.constants.map((value) => value !== undefined && !Number.isNaN(value));
  if (!isNumber[0] && !isNumber[1]) return nan.areNumbers.call(ctx, a, b);
  return `(!${nan.isNan.call(ctx, isNumber[0] ? b : a)})`;
}

/** A connective of two bools: tfjs adds truth values as numbers, so what is not 0 is true. */
function logical(kernel: string, operator: '&' | '|'): ScalarOpDefinition {
  return {
    kernel,
    arity: 2,
    cost: 1,
    resultType: (args): ScalarType | undefined => (sameType(args) === 'bool' ? 'bool' : undefined),
    compute: ([a, b]) => Number(operator === '&' ? a !== 0 && b !== 0 : a !== 0 || b !== 0),
    wgsl([a, b], ctx) {
      const zero = literal(0, 'bool', ctx);
      return bool(`(${a} != ${zero}) ${operator} (${b} != ${zero})`, ctx);
    },
  };
}

/** Comparisons and logic of two arguments. */
export const comparisonOps: readonly ScalarOp[] = [
  comparison('Equal', '==', (a, b) => a === b),
  comparison('NotEqual', '!=', (a, b) => a !== b),
  comparison('Less', '<', (a, b) => a < b),
  comparison('LessEqual', '<=', (a, b) => a <= b),
  comparison('Greater', '>', (a, b) => a > b),
  comparison('GreaterEqual', '>=', (a, b) => a >= b),
  logical('LogicalAnd', '&'),
  logical('LogicalOr', '|'),
].map(defineOp);
