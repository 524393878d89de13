/**
 * Exponentials, logarithms and hyperbolics of float32. The builtins, or the formulas of stock
 * webgpu, are too loose for the answers of tfjs `cpu`: exp(x) - 1 and log(1 + x) lose all digits
 * near zero, sinh and asinh overflow early, and SwiftShader's exp and log lose NaN. Polynomials of
 * odd functions are those of S. Moshier's Cephes library.
 */
import { f32Literal, widthHelper } from '../wgsl';
import { isNan, isZero } from './nan';

/** exp that keeps NaN: SwiftShader's exp(NaN) is infinite. */
export const exp = widthHelper(
  'expF32',
  (name, { f }, [isNanName]) => `fn ${name}(x: ${f}) -> ${f} {
  return select(exp(x), x, ${isNanName}(x));
}`,
  [isNan],
);

/** log that keeps NaN, for what is not negative nor zero: SwiftShader's log(NaN) is 89. */
const logPositive = widthHelper(
  'logPositiveF32',
  (name, { f }, [isNanName]) => `fn ${name}(x: ${f}) -> ${f} {
  return select(log(x), x, ${isNanName}(x));
}`,
  [isNan],
);

/** log, NaN below zero, and -infinity at zero, where SwiftShader's is -88. */
export const log = widthHelper(
  'logF32',
  (name, { f }, [logName, isZeroName]) => `fn ${name}(x: ${f}, nan: ${f}, infinity: ${f}) -> ${f} {
  return select(select(${logName}(x), nan, x < ${f}(0.0)), -infinity, ${isZeroName}(x));
}`,
  [logPositive, isZero],
);

/** exp(x) - 1 without cancellation near zero: Taylor's series there. */
export const expm1 = widthHelper(
  'expm1F32',
  (name, { f }, [expName]) => `fn ${name}(x: ${f}) -> ${f} {
  let tail = 1.0 / 120.0 + x * (1.0 / 720.0 + x * (1.0 / 5040.0 + x / 40320.0));
  let near = x + x * x * (0.5 + x * (1.0 / 6.0 + x * (1.0 / 24.0 + x * tail)));
  return select(${expName}(x) - 1.0, near, abs(x) < ${f}(0.5));
}`,
  [exp],
);

/** log(1 + x) for x > -1; near zero, where 1 + x loses x, the series of 2 atanh(x / (2 + x)). */
const log1pInside = widthHelper(
  'log1pInsideF32',
  (name, { f }, [logName]) => `fn ${name}(x: ${f}) -> ${f} {
  let s = x / (2.0 + x);
  let z = s * s;
  let near = 2.0 * s * (1.0 + z * (1.0 / 3.0 + z * (0.2 + z * (1.0 / 7.0 + z / 9.0))));
  return select(${logName}(1.0 + x), near, abs(x) < ${f}(0.25));
}`,
  [logPositive],
);

/** log(1 + x), NaN below -1. */
export const log1p = widthHelper(
  'log1pF32',
  (name, { f }, [inside, isZeroName]) => `fn ${name}(x: ${f}, nan: ${f}, infinity: ${f}) -> ${f} {
  return select(select(${inside}(x), nan, x < ${f}(-1.0)), -infinity, ${isZeroName}(x + 1.0));
}`,
  [log1pInside, isZero],
);

/** 1 / (1 + exp(-x)); an exp that overflows leaves 0. */
export const sigmoid = widthHelper(
  'sigmoidF32',
  (name, { f }, [expName]) => `fn ${name}(x: ${f}) -> ${f} {
  return 1.0 / (1.0 + ${expName}(-x));
}`,
  [exp],
);

/** softplus with tfjs's thresholds; between them, the sum in log(1 + exp(x)) would cancel. */
export const SOFTPLUS_THRESHOLD = -(Math.log(1.1920928955078125e-7) + 2);
export const softplus = widthHelper(
  'softplusF32',
  (name, { f }, [expName, log1pName]) => `fn ${name}(x: ${f}) -> ${f} {
  let limit = ${f}(${f32Literal(SOFTPLUS_THRESHOLD)});
  let e = ${expName}(x);
  return select(select(${log1pName}(e), e, x < -limit), x, x > limit);
}`,
  [exp, log1pInside],
);

/** Abramowitz and Stegun's 7.1.26, which is what tfjs computes as erf on every backend. */
export const ERF_P = 0.3275911;
export const ERF_A = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429] as const;

/** erf. The sign multiplies rather than selects: it makes the 1e-9 left at zero a zero. */
export const erf = widthHelper(
  'erfF32',
  (name, { f }) => `fn ${name}(x: ${f}) -> ${f} {
  let v = abs(x);
  let t = 1.0 / (1.0 + ${ERF_P} * v);
  let tail = ${ERF_A[2]} + t * (${ERF_A[3]} + t * ${ERF_A[4]});
  let p = t * (${ERF_A[0]} + t * (${ERF_A[1]} + t * tail));
  return sign(x) * (1.0 - p * exp(-v * v));
}`,
);

/** tanh: a polynomial near zero, elsewhere a form in which exp may overflow harmlessly. */
export const tanh = widthHelper(
  'tanhF32',
  (name, { f }, [expName]) => `fn ${name}(x: ${f}) -> ${f} {
  let z = x * x;
  let tail = -0.0537397155531 + z * (0.0206390887954 + z * -0.00570498872745);
  let near = x + x * z * (-0.333332819422 + z * (0.133314422036 + z * tail));
  let far = 1.0 - 2.0 / (${expName}(2.0 * abs(x)) + 1.0);
  return select(select(far, -far, x < ${f}(0.0)), near, abs(x) < ${f}(0.625));
}`,
  [exp],
);

/**
 * x tanh(log(1 + exp(x))), without logarithm and tanh: with e = exp(x) the second factor is
 * ((1 + e)² - 1) / ((1 + e)² + 1). It is 1 long before e² overflows; x is what keeps NaN.
 */
export const mish = widthHelper(
  'mishF32',
  (name, { f }) => `fn ${name}(x: ${f}) -> ${f} {
  let e = exp(min(x, ${f}(20.0)));
  let n = e * (e + 2.0);
  return x * (n / (n + 2.0));
}`,
);

/**
 * exp(x) / 2 for x >= 0, infinite only where sinh and cosh are. exp(x) overflows before, and so may
 * exp(x / 2) squared, as compilers may multiply its factors in any order; the difference is exact.
 */
const halfExp = widthHelper(
  'halfExpF32',
  (name, { f }, [expName]) => `fn ${name}(x: ${f}) -> ${f} {
  return ${f32Literal(Math.exp(0.75) / 2)} * ${expName}(x - 0.75);
}`,
  [exp],
);

/** sinh: a series near zero. */
export const sinh = widthHelper(
  'sinhF32',
  (name, { f }, [halfExpName]) => `fn ${name}(x: ${f}) -> ${f} {
  let z = x * x;
  let near = x + x * z * (1.0 / 6.0 + z * (1.0 / 120.0 + z * (1.0 / 5040.0 + z / 362880.0)));
  let half = ${halfExpName}(abs(x));
  let far = half - 0.25 / half;
  return select(select(far, -far, x < ${f}(0.0)), near, abs(x) < ${f}(1.0));
}`,
  [halfExp],
);

export const cosh = widthHelper(
  'coshF32',
  (name, { f }, [halfExpName]) => `fn ${name}(x: ${f}) -> ${f} {
  let half = ${halfExpName}(abs(x));
  return half + 0.25 / half;
}`,
  [halfExp],
);

/** asinh on |x|: the builtin's x + sqrt(x * x + 1) overflows for large x, cancels for negative. */
export const asinh = widthHelper(
  'asinhF32',
  (name, { f }, [log1pName, logName]) => `fn ${name}(x: ${f}) -> ${f} {
  let a = abs(x);
  let near = ${log1pName}(a + a * a / (1.0 + sqrt(a * a + 1.0)));
  let r = select(near, ${logName}(a) + 0.69314718056, a > ${f}(16384.0));
  return select(r, -r, x < ${f}(0.0));
}`,
  [log1pInside, logPositive],
);

/** acosh for x >= 1, NaN below. */
export const acosh = widthHelper(
  'acoshF32',
  (name, { f }, [log1pName, logName]) => `fn ${name}(x: ${f}, nan: ${f}) -> ${f} {
  let t = x - 1.0;
  let near = ${log1pName}(t + sqrt(t * (x + 1.0)));
  return select(select(near, ${logName}(x) + 0.69314718056, x > ${f}(16384.0)), nan, x < ${f}(1.0));
}`,
  [log1pInside, logPositive],
);

/** atanh inside [-1, 1], NaN outside. */
export const atanh = widthHelper(
  'atanhF32',
  (name, { f }, [log1pName]) => `fn ${name}(x: ${f}, nan: ${f}, infinity: ${f}) -> ${f} {
  let a = abs(x);
  let inside = select(0.5 * ${log1pName}(2.0 * a / (1.0 - a)), infinity, a == ${f}(1.0));
  return select(select(inside, -inside, x < ${f}(0.0)), nan, a > ${f}(1.0));
}`,
  [log1pInside],
);
