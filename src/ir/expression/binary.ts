/** Arithmetic, extrema and powers: scalar ops of two arguments. */
import {
  defineOp,
  floatOnly,
  isTwice,
  sameNumeric,
  sameType,
  type ScalarOp,
  type ScalarOpDefinition,
  type WgslContext,
} from './scalar-op';
import * as bits from './functions/bits';
import * as integer from './functions/integer';
import * as nan from './functions/nan';
import * as trigonometric from './functions/trigonometric';
import { convert, opaqueLiteral, floatLiteral as float } from './wgsl';

/*
 * Shader compilers simplify float32 arithmetic as if there were no NaN and no infinity: `x * 0.0`
 * becomes 0, `x - x` too, `x == x` true. Where kernels run one by one there is nothing to simplify.
 * So zeros to multiply by are hidden, and an op of two equal arguments asks for the bits.
 */

/** Argument i as a float32 factor or term of a quotient. */
function factor(args: readonly string[], i: number, ctx: WgslContext): string {
  const constant = ctx.constants[i];
  if (constant === 0) return opaqueLiteral(constant, ctx);
  return convert(args[i], ctx.types[i], 'float32', ctx.width);
}

/** `value`, or NaN where x is NaN or infinite. */
function ifFinite(x: string, value: number, ctx: WgslContext): string {
  return `select(${float(value, ctx)}, ${ctx.nan}, ${nan.isNotFinite.call(ctx, x)})`;
}

/** Add, Sub, Multiply: one operator for all types; int32 wraps. */
function arithmetic(
  kernel: string,
  operator: '+' | '-' | '*',
  compute: (a: number, b: number) => number,
  resultType: ScalarOp['resultType'],
): ScalarOpDefinition {
  return {
    kernel,
    arity: 2,
    cost: 1,
    resultType,
    compute: ([a, b], [type]) =>
      type === 'int32' && operator === '*' ? Math.imul(a, b) : compute(a, b),
    wgsl(args, ctx) {
      if (operator === '-' && isTwice(args, ctx)) return ifFinite(args[0], 0, ctx);
      const isProduct = operator === '*' && ctx.type === 'float32';
      const [a, b] = isProduct ? args.map((_, i) => factor(args, i, ctx)) : args;
      return `${a} ${operator} ${b}`;
    },
  };
}

/** Maximum, Minimum: NaN if either is. */
function extremum(
  kernel: string,
  builtin: 'max' | 'min',
  compute: (a: number, b: number) => number,
): ScalarOpDefinition {
  return {
    kernel,
    arity: 2,
    cost: 5,
    resultType: sameType,
    compute: ([a, b]) => compute(a, b),
    wgsl([a, b], ctx) {
      if (ctx.type !== 'float32') return `${builtin}(${a}, ${b})`;
      const known = ctx.constants.findIndex(isNumber);
      if (known < 0) return nan[builtin].call(ctx, a, b);
      // Beside a constant that is no NaN, the other is the one to let through.
      const x = known === 0 ? b : a;
      return `select(${builtin}(${a}, ${b}), ${x}, ${nan.isNan.call(ctx, x)})`;
    },
  };
}

const isNumber = (value: number | undefined) => value !== undefined && !Number.isNaN(value);

/** `x ** n` where n is a constant that multiplication or a root reaches. */
function powConstant(x: string, exponent: number | undefined, ctx: WgslContext) {
  switch (exponent) {
    case 0:
      return float(1, ctx);
    case 1:
      return x;
    case 2:
      return `${x} * ${x}`;
    case 3:
      return `${x} * ${x} * ${x}`;
    case 4:
      return `(${x} * ${x}) * (${x} * ${x})`;
    case -1:
      return `1.0 / ${x}`;
    case -2:
      return `1.0 / (${x} * ${x})`;
    default:
      return undefined;
  }
}

const definitions: readonly ScalarOpDefinition[] = [
  arithmetic('Add', '+', (a, b) => a + b, sameNumeric),
  arithmetic('Sub', '-', (a, b) => a - b, sameNumeric),
  // bool too: alone of the three, a product of 0 and 1 is again one of them. In int32, a product
  // beyond 2^53 wraps exactly, where cpu wraps a double that has lost its low bits.
  arithmetic('Multiply', '*', (a, b) => a * b, sameType),
  extremum('Maximum', 'max', Math.max),
  extremum('Minimum', 'min', Math.min),
  {
    // tf.div makes a FloorDiv of two int32.
    kernel: 'RealDiv',
    arity: 2,
    cost: 4,
    resultType: floatOnly,
    compute: ([a, b]) => a / b,
    wgsl(args, ctx) {
      if (!isTwice(args, ctx)) return `${factor(args, 0, ctx)} / ${factor(args, 1, ctx)}`;
      const [x] = args;
      return `select(${ifFinite(x, 1, ctx)}, ${ctx.nan}, ${x} == ${float(0, ctx)})`;
    },
  },
  {
    // int32 even of floats.
    kernel: 'FloorDiv',
    arity: 2,
    cost: 20,
    resultType: (args) => sameNumeric(args) && 'int32',
    compute: ([a, b]) => Math.floor(a / b),
    wgsl: ([a, b], ctx) =>
      ctx.types[0] === 'int32'
        ? integer.floorDivI32.call(ctx, a, b)
        : bits.floorDivF32.call(ctx, a, b),
  },
  {
    kernel: 'Mod',
    arity: 2,
    cost: 20,
    resultType: sameNumeric,
    compute([a, b]) {
      const rem = a % b;
      return (a < 0 && b < 0) || (a >= 0 && b >= 0) ? rem : (rem + b) % b;
    },
    wgsl: ([a, b], ctx) =>
      ctx.type === 'int32'
        ? integer.floorModI32.call(ctx, a, b)
        : bits.floorModF32.call(ctx, a, b, ctx.nan),
  },
  {
    // In int32 a power beyond 2^53 wraps exactly, as a product does.
    kernel: 'Pow',
    arity: 2,
    cost: 20,
    resultType: sameNumeric,
    compute: ([a, b], [type]) => (type === 'int32' ? integerPow(a, b) : Math.pow(a, b)),
    wgsl([a, b], ctx) {
      if (ctx.type === 'int32') return integer.powI32.call(ctx, a, b);
      return powConstant(a, ctx.constants[1], ctx) ?? bits.powF32.call(ctx, a, b, ctx.nan);
    },
  },
  {
    kernel: 'SquaredDifference',
    arity: 2,
    cost: 2,
    resultType: sameNumeric,
    compute: ([a, b], [type]) => (type === 'int32' ? Math.imul(a - b, a - b) : (a - b) * (a - b)),
    wgsl(args, ctx) {
      const [a, b] = args;
      return isTwice(args, ctx) ? ifFinite(a, 0, ctx) : `(${a} - ${b}) * (${a} - ${b})`;
    },
  },
  {
    kernel: 'Atan2',
    arity: 2,
    cost: 22,
    resultType: floatOnly,
    compute: ([a, b]) => Math.atan2(a, b),
    wgsl: (args, ctx) =>
      trigonometric.atan2.call(ctx, factor(args, 0, ctx), factor(args, 1, ctx), ctx.nan),
  },
  {
    // Arguments x, alpha; float32 of any types, which need not agree.
    kernel: 'Prelu',
    arity: 2,
    cost: 3,
    resultType: () => 'float32',
    compute: ([x, alpha]) => (x < 0 ? alpha * x : x),
    wgsl(args, ctx) {
      const [x, alpha] = args.map((_, i) => factor(args, i, ctx));
      return `select(${x}, ${alpha} * ${x}, ${x} < ${float(0, ctx)})`;
    },
  },
  {
    // Arguments dy, y.
    kernel: 'EluGrad',
    arity: 2,
    cost: 3,
    resultType: floatOnly,
    compute: ([dy, y]) => (y >= 0 ? dy : dy * (y + 1)),
    wgsl(args, ctx) {
      const [dy, y] = [factor(args, 0, ctx), args[1]];
      return `select(${dy} * (${y} + 1.0), ${dy}, ${nan.isPositive.call(ctx, y)})`;
    },
  },
  {
    kernel: 'BitwiseAnd',
    arity: 2,
    cost: 1,
    resultType: (args) => (sameType(args) === 'int32' ? 'int32' : undefined),
    compute: ([a, b]) => a & b,
    wgsl: ([a, b]) => `${a} & ${b}`,
  },
];

/** a ** b modulo 2^32; a negative exponent leaves only powers of 1 and -1. */
function integerPow(a: number, b: number): number {
  if (b < 0) return Math.abs(a) === 1 ? a ** b : 0;
  let result = 1;
  for (let base = a, n = b; n > 0; n = Math.floor(n / 2), base = Math.imul(base, base)) {
    if (n % 2 === 1) result = Math.imul(result, base);
  }
  return result;
}

/** Arithmetic of two arguments. */
export const binaryOps: readonly ScalarOp[] = definitions.map(defineOp);
