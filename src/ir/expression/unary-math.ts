/** Exponentials, logarithms, trigonometry: scalar ops of one float32 that need arithmetic. */
import { defineOp, floatOnly, type ScalarOp, type WgslContext } from './scalar-op';
import * as exponential from './functions/exponential';
import * as trigonometric from './functions/trigonometric';
import { convert } from './wgsl';

type UnaryWgsl = (x: string, ctx: WgslContext) => string;

/** A float32 function of one float32: tfjs rejects other types, or truncates the result to int. */
function float(
  kernel: string,
  cost: number,
  compute: (x: number) => number,
  wgsl: UnaryWgsl,
): ScalarOp {
  return defineOp({
    kernel,
    arity: 1,
    cost,
    resultType: floatOnly,
    compute: ([x]) => compute(x),
    wgsl: ([x], ctx) => wgsl(x, ctx),
  });
}

function erf(x: number): number {
  const [a1, a2, a3, a4, a5] = exponential.ERF_A;
  const v = Math.abs(x);
  const t = 1 / (1 + exponential.ERF_P * v);
  const p = ((((a5 * t + a4) * t + a3) * t + a2) * t + a1) * t;
  return Math.sign(x) * (1 - p * Math.exp(-v * v));
}

/** Exponentials, logarithms, trigonometry: float32 functions of one argument. */
export const unaryMathOps: readonly ScalarOp[] = [
  float('Acos', 14, Math.acos, (x, ctx) => trigonometric.acos.call(ctx, x, ctx.nan)),
  float('Acosh', 18, Math.acosh, (x, ctx) => exponential.acosh.call(ctx, x, ctx.nan)),
  float('Asin', 14, Math.asin, (x, ctx) => trigonometric.asin.call(ctx, x, ctx.nan)),
  float('Asinh', 18, Math.asinh, (x, ctx) => exponential.asinh.call(ctx, x)),
  float('Atan', 14, Math.atan, (x, ctx) => trigonometric.atan.call(ctx, x)),
  float('Atanh', 18, Math.atanh, (x, ctx) => exponential.atanh.call(ctx, x, ctx.nan, ctx.infinity)),
  float('Cos', 14, Math.cos, (x, ctx) => trigonometric.cos.call(ctx, x, ctx.nan)),
  float('Cosh', 12, Math.cosh, (x, ctx) => exponential.cosh.call(ctx, x)),
  float('Erf', 16, erf, (x, ctx) => exponential.erf.call(ctx, x)),
  float('Expm1', 12, Math.expm1, (x, ctx) => exponential.expm1.call(ctx, x)),
  float('Log', 10, Math.log, (x, ctx) => exponential.log.call(ctx, x, ctx.nan, ctx.infinity)),
  float('Log1p', 14, Math.log1p, (x, ctx) => exponential.log1p.call(ctx, x, ctx.nan, ctx.infinity)),
  /** Not a kernel of tfjs; a rule makes it of three: Misra (2019). */
  float(
    'Mish',
    16,
    (x) => x * Math.tanh(Math.log1p(Math.exp(x))),
    (x, ctx) => exponential.mish.call(ctx, x),
  ),
  float(
    'Reciprocal',
    4,
    (x) => 1 / x,
    (x) => `1.0 / ${x}`,
  ),
  float(
    'Rsqrt',
    4,
    (x) => 1 / Math.sqrt(x),
    (x) => `inverseSqrt(${x})`,
  ),
  float(
    'Sigmoid',
    12,
    (x) => 1 / (1 + Math.exp(-x)),
    (x, ctx) => exponential.sigmoid.call(ctx, x),
  ),
  float('Sin', 14, Math.sin, (x, ctx) => trigonometric.sin.call(ctx, x, ctx.nan)),
  float('Sinh', 14, Math.sinh, (x, ctx) => exponential.sinh.call(ctx, x)),
  float('Sqrt', 4, Math.sqrt, (x) => `sqrt(${x})`),
  float('Tan', 28, Math.tan, (x, ctx) => trigonometric.tan.call(ctx, x, ctx.nan)),
  float('Tanh', 14, Math.tanh, (x, ctx) => exponential.tanh.call(ctx, x)),
  defineOp({
    kernel: 'Exp',
    arity: 1,
    cost: 9,
    // Of int32 and bool too: tfjs gives the result float32 whatever the argument is.
    resultType: () => 'float32',
    compute: ([x]) => Math.exp(x),
    wgsl: ([x], ctx) => exponential.exp.call(ctx, convert(x, ctx.types[0], 'float32', ctx.width)),
  }),
];
