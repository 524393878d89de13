/**
 * How far a device may be from an exact elementwise result: WGSL's own bounds
 * (https://www.w3.org/TR/WGSL/#floating-point-accuracy) for what our shaders build on.
 */

/** The error allowed to a float32 result, in absolute terms. */
export type Tolerance = (args: readonly number[], expected: number) => number;

const SMALLEST_NORMAL = 2 ** -126;

/** The distance between float32 values around x. */
export const ulp = (x: number): number =>
  2 ** (Math.floor(Math.log2(Math.max(Math.abs(x), SMALLEST_NORMAL))) - 23);

const ulps =
  (count: number): Tolerance =>
  (_args, expected) =>
    count * ulp(expected);

/** WGSL allows exp(x) an error of 3 + 2 |x| ulp, and what is built on it needs a few more. */
const likeExp =
  (own: number): Tolerance =>
  ([x], expected) =>
    (own + 3 + 2 * Math.min(Math.abs(x), 105)) * ulp(expected);

/**
 * By kernel. An op that is not listed is exact, for there WGSL demands the correctly rounded result,
 * or only moves bits.
 */
export const ACCURACY: Readonly<Record<string, Tolerance>> = {
  // Division: 2.5 ulp. inverseSqrt: 2 ulp. sqrt: as 1 / inverseSqrt.
  RealDiv: ulps(3),
  Reciprocal: ulps(3),
  Rsqrt: ulps(2),
  Sqrt: ulps(5),
  // Two roundings where cpu's double has one.
  LeakyRelu: ulps(1),
  Prelu: ulps(2),
  SquaredDifference: ulps(3),
  EluGrad: ulps(3),
  Exp: likeExp(0),
  Sigmoid: likeExp(6),
  Softplus: likeExp(8),
  // Before x multiplies it, an exponential that is denormal may be flushed.
  Mish: ([x], expected) => likeExp(8)([x], expected) + Math.min(Math.abs(x), 105) * SMALLEST_NORMAL,
  Expm1: likeExp(6),
  Sinh: likeExp(8),
  Cosh: likeExp(8),
  // cpu's exp(x) - 1 in doubles is 0 for what a float32 still tells from 0: hence 1e-15.
  Elu: (args, expected) => likeExp(6)(args, expected) + 1e-15,
  Selu: (args, expected) => likeExp(6)(args, expected) + 1e-15,
  // Cancellation in 1 - p exp(-x * x), as in every float32 implementation of tfjs's formula.
  Erf: () => 5e-7,
  // log: 3 ulp, or 2^-21 between 0.5 and 2.
  Log: ([x], expected) => 3 * ulp(expected) + (x >= 0.5 && x <= 2 ? 2 ** -21 : 0),
  Log1p: (_args, expected) => 6 * ulp(expected) + (Math.abs(expected) < 0.7 ? 2 ** -21 : 0),
  Acosh: (_args, expected) => 6 * ulp(expected) + (Math.abs(expected) < 0.7 ? 2 ** -21 : 0),
  Asinh: (_args, expected) => 6 * ulp(expected) + (Math.abs(expected) < 0.7 ? 2 ** -21 : 0),
  Atanh: (_args, expected) => 6 * ulp(expected) + (Math.abs(expected) < 0.7 ? 2 ** -21 : 0),
  Tanh: ulps(16),
  // Polynomials of our own, and a division.
  Acos: ulps(4),
  Asin: ulps(4),
  Atan: ulps(4),
  Atan2: ulps(8),
  // Beyond 8192 the angle within a turn is known to 2^-24 of pi.
  Sin: ([x], expected) => (Math.abs(x) > 8192 ? 6e-7 : 3 * ulp(expected) + 1e-10),
  Cos: ([x], expected) => (Math.abs(x) > 8192 ? 6e-7 : 3 * ulp(expected) + 1e-10),
  Tan: ([x], expected) =>
    Math.abs(x) > 8192
      ? 6e-7 * (1 + expected ** 2)
      : 10 * ulp(expected) + 1e-10 * (1 + expected ** 2),
  // exp2(b * log2(a)): the error of log2(a) times b, and that of exp2, 3 + 2 |log2(result)| ulp.
  Pow: ([a, b], expected) => {
    const log2 = Math.log2(Math.abs(a));
    const error = Math.abs(log2) <= 1 ? 2 ** -21 : 3 * ulp(log2);
    const exponent = Math.min(Math.abs(b * log2), 150);
    return Math.abs(expected) * Math.expm1(Math.abs(b) * error + (4 + 3 * exponent) * 2 ** -23);
  },
};
