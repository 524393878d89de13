import { evaluate, type Expr } from '../../../src/ir/expression';

/** The error allowed to a float32 result, in absolute terms. */
type Tolerance = (args: readonly number[], expected: number) => number;

const SMALLEST_NORMAL = 2 ** -126;
const LARGEST = 3.4028234663852886e38;

/** The distance between float32 values around x. */
const ulp = (x: number) =>
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
 * How far a device may be from `evaluate`, which is the cpu kernel: WGSL's own bounds
 * (https://www.w3.org/TR/WGSL/#floating-point-accuracy) for what it builds on. An op that is not
 * listed is exact, for there WGSL demands the correctly rounded result, or only moves bits.
 */
const TOLERANCES: Readonly<Record<string, Tolerance>> = {
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

/** The largest divisor for which WGSL bounds the error of a quotient. */
export const LARGEST_DIVISOR = 2 ** 126;
const DIVIDES: ReadonlySet<string> = new Set(['RealDiv', 'Atan2']);

const isDenormal = (x: number) => x !== 0 && Math.abs(x) < SMALLEST_NORMAL;

/**
 * What an argument may count as. WGSL lets a device take a denormal for zero, in any operation;
 * lavapipe's log takes it for the smallest normal number.
 */
const readings = (x: number) =>
  isDenormal(x) ? [x, Math.sign(x) * 0, Math.sign(x) * SMALLEST_NORMAL] : [x];

function combinations(columns: readonly (readonly number[])[]): number[][] {
  let rows: number[][] = [[]];
  for (const column of columns)
    rows = rows.flatMap((row) => column.map((value) => [...row, value]));
  return rows;
}

const clampInfinity = (x: number) => Math.min(Math.max(x, -LARGEST), LARGEST);

/** What is known of the device at hand. */
export interface DeviceTraits {
  /** See `flushesLargeDivisors`, which asks it: a quotient by more than 2^126 may be 0, or NaN for ∞. */
  readonly flushesLargeDivisors: boolean;
}

/** Whether a device's result is right for an op applied to inputs, with what `evaluate` says. */
export function isRight(
  expr: Expr,
  kernel: string,
  args: readonly number[],
  actual: number,
  device: DeviceTraits,
) {
  const tolerance = TOLERANCES[kernel];
  const isUnbounded =
    device.flushesLargeDivisors && DIVIDES.has(kernel) && Math.abs(args[1]) > LARGEST_DIVISOR;
  if (isUnbounded && (Number.isFinite(args[0]) ? actual === 0 : Number.isNaN(actual))) return true;
  const answers = combinations(args.map(readings)).map((row) => ({
    row,
    expected: evaluate(expr, row),
  }));
  const near = answers.some(({ row, expected }) => {
    if (Object.is(actual, expected) || actual === expected) return true;
    if (Number.isNaN(actual) || Number.isNaN(expected)) return false;
    if (!tolerance || expr.type !== 'float32') {
      return expr.type === 'float32' && Math.abs(actual - expected) < SMALLEST_NORMAL;
    }
    // A result near the largest float32 may overflow on one side only.
    const error = Math.abs(clampInfinity(actual) - clampInfinity(expected));
    return error <= tolerance(row, expected) || error < SMALLEST_NORMAL;
  });
  if (near || answers.length === 1) return near;
  const finite = answers.map(({ expected }) => expected);
  return actual >= Math.min(...finite) && actual <= Math.max(...finite);
}
