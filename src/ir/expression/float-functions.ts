import { f32Literal, scalarHelper, widthHelper } from './wgsl';

/*
 * float32 functions for which WGSL's builtins, or the formulas of stock webgpu, are too loose to
 * give the answers of tfjs `cpu`: the specification allows asin an error of 7e-5 and atan one of
 * 4096 ulp, leaves sin outside [-pi, pi] open, and `exp(x) - 1` or `log(1 + x)` lose all digits
 * near zero. Polynomials of odd functions are those of S. Moshier's Cephes library.
 */

/** Whether a value is NaN, by its bits: a compiler may assume that `x != x` is false. */
export const isNan = widthHelper(
  'isNanF32',
  (name, { f, u, b }) => `fn ${name}(x: ${f}) -> ${b} {
  return (bitcast<${u}>(x) & ${u}(0x7fffffffu)) > ${u}(0x7f800000u);
}`,
);

/** exp(x) - 1 without cancellation near zero: Taylor's series there. */
export const expm1 = widthHelper(
  'expm1F32',
  (name, { f }) => `fn ${name}(x: ${f}) -> ${f} {
  let tail = 1.0 / 24.0 + x * (1.0 / 120.0 + x * (1.0 / 720.0 + x * (1.0 / 5040.0 + x / 40320.0)));
  let near = x + x * x * (0.5 + x * (1.0 / 6.0 + x * tail));
  return select(exp(x) - 1.0, near, abs(x) < ${f}(0.5));
}`,
);

/** log(1 + x) without cancellation near zero: the series of 2 atanh(x / (2 + x)) there. */
export const log1p = widthHelper(
  'log1pF32',
  (name, { f }) => `fn ${name}(x: ${f}) -> ${f} {
  let s = x / (2.0 + x);
  let z = s * s;
  let near = 2.0 * s * (1.0 + z * (1.0 / 3.0 + z * (0.2 + z * (1.0 / 7.0 + z / 9.0))));
  return select(log(1.0 + x), near, abs(x) < ${f}(0.25));
}`,
);

/** softplus with tfjs's thresholds; between them, the sum in log(1 + exp(x)) would cancel. */
export const SOFTPLUS_THRESHOLD = -(Math.log(1.1920928955078125e-7) + 2);
export const softplus = widthHelper(
  'softplusF32',
  (name, { f }, [log1pName]) => `fn ${name}(x: ${f}) -> ${f} {
  let limit = ${f}(${f32Literal(SOFTPLUS_THRESHOLD)});
  let e = exp(x);
  return select(select(${log1pName}(e), e, x < -limit), x, x > limit);
}`,
  [log1p],
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
  let p = t * (${ERF_A[0]} + t * (${ERF_A[1]} + t * (${ERF_A[2]} + t * (${ERF_A[3]} + t * ${ERF_A[4]}))));
  return sign(x) * (1.0 - p * exp(-v * v));
}`,
);

/** tanh: a polynomial near zero, elsewhere a form in which exp may overflow harmlessly. */
export const tanh = widthHelper(
  'tanhF32',
  (name, { f }) => `fn ${name}(x: ${f}) -> ${f} {
  let z = x * x;
  let high = 0.0206390887954 + z * -0.00570498872745;
  let near = x + x * z * (-0.333332819422 + z * (0.133314422036 + z * (-0.0537397155531 + z * high)));
  let far = 1.0 - 2.0 / (exp(2.0 * abs(x)) + 1.0);
  return select(select(far, -far, x < ${f}(0.0)), near, abs(x) < ${f}(0.625));
}`,
);

/** sinh; exp(x / 2) squared, because exp(x) overflows before sinh(x) does. */
export const sinh = widthHelper(
  'sinhF32',
  (name, { f }) => `fn ${name}(x: ${f}) -> ${f} {
  let z = x * x;
  let near = x + x * z * (1.0 / 6.0 + z * (1.0 / 120.0 + z * (1.0 / 5040.0 + z / 362880.0)));
  let root = exp(0.5 * abs(x));
  let far = 0.5 * root * root - 0.5 / root / root;
  return select(select(far, -far, x < ${f}(0.0)), near, abs(x) < ${f}(1.0));
}`,
);

/** cosh; exp(x / 2) squared, as in sinh. */
export const cosh = widthHelper(
  'coshF32',
  (name, { f }) => `fn ${name}(x: ${f}) -> ${f} {
  let root = exp(0.5 * abs(x));
  return 0.5 * root * root + 0.5 / root / root;
}`,
);

/** asinh on |x|: the builtin's x + sqrt(x * x + 1) overflows for large x, cancels for negative. */
export const asinh = widthHelper(
  'asinhF32',
  (name, { f }, [log1pName]) => `fn ${name}(x: ${f}) -> ${f} {
  let a = abs(x);
  let near = ${log1pName}(a + a * a / (1.0 + sqrt(a * a + 1.0)));
  let r = select(near, log(a) + 0.69314718056, a > ${f}(16384.0));
  return select(r, -r, x < ${f}(0.0));
}`,
  [log1p],
);

/** acosh for x >= 1, NaN below. */
export const acosh = widthHelper(
  'acoshF32',
  (name, { f }, [log1pName]) => `fn ${name}(x: ${f}, nan: ${f}) -> ${f} {
  let t = x - 1.0;
  let near = ${log1pName}(t + sqrt(t * (x + 1.0)));
  return select(select(near, log(x) + 0.69314718056, x > ${f}(16384.0)), nan, x < ${f}(1.0));
}`,
  [log1p],
);

/** atanh inside [-1, 1], NaN outside. */
export const atanh = widthHelper(
  'atanhF32',
  (name, { f }, [log1pName]) => `fn ${name}(x: ${f}, nan: ${f}, infinity: ${f}) -> ${f} {
  let a = abs(x);
  let inside = select(0.5 * ${log1pName}(2.0 * a / (1.0 - a)), infinity, a == ${f}(1.0));
  return select(select(inside, -inside, x < ${f}(0.0)), nan, a > ${f}(1.0));
}`,
  [log1p],
);

/** asin of |x| up to 0.5; both asin and acos reduce their argument to it. */
const asinCore = widthHelper(
  'asinCoreF32',
  (name, { f }) => `fn ${name}(x: ${f}) -> ${f} {
  let z = x * x;
  let high = 0.045470025998 + z * (0.024181311049 + z * 0.042163199048);
  return x + x * z * (0.16666752422 + z * (0.074953002686 + z * high));
}`,
);

/** asin inside [-1, 1], NaN outside. */
export const asin = widthHelper(
  'asinF32',
  (name, { f }, [core]) => `fn ${name}(x: ${f}, nan: ${f}) -> ${f} {
  let a = abs(x);
  let outer = 1.57079632679 - 2.0 * ${core}(sqrt(0.5 * (1.0 - a)));
  let r = select(${core}(a), outer, a > ${f}(0.5));
  return select(select(r, -r, x < ${f}(0.0)), nan, a > ${f}(1.0));
}`,
  [asinCore],
);

/** acos inside [-1, 1], NaN outside; accurate where acos nears zero. */
export const acos = widthHelper(
  'acosF32',
  (name, { f }, [core]) => `fn ${name}(x: ${f}, nan: ${f}) -> ${f} {
  let a = abs(x);
  let half = 2.0 * ${core}(sqrt(0.5 * (1.0 - a)));
  let outer = select(half, 3.14159265359 - half, x < ${f}(0.0));
  return select(select(1.57079632679 - ${core}(x), outer, a > ${f}(0.5)), nan, a > ${f}(1.0));
}`,
  [asinCore],
);

/** atan, by reducing |x| to [0, tan(pi / 8)]. */
export const atan = widthHelper(
  'atanF32',
  (name, { f }) => `fn ${name}(x: ${f}) -> ${f} {
  let a = abs(x);
  let middle = a > ${f}(0.41421356237);
  let outer = a > ${f}(2.41421356237);
  let t = select(select(a, (a - 1.0) / (a + 1.0), middle), -1.0 / a, outer);
  let base = select(select(${f}(0.0), ${f}(0.78539816340), middle), ${f}(1.57079632679), outer);
  let z = t * t;
  let p = t + t * z * (-0.333329491539 + z * (0.199777106478 + z * (-0.138776856032 + z * 0.0805374449538)));
  return select(base + p, -(base + p), x < ${f}(0.0));
}`,
);

/** atan2(a, b) with the corners of Math.atan2: zeros and their signs, infinities, NaN. */
export const atan2 = widthHelper(
  'atan2F32',
  (name, { f, u }, [atanName, isNanName]) => `fn ${name}(a: ${f}, b: ${f}, nan: ${f}) -> ${f} {
  let y = abs(a);
  let x = abs(b);
  // 0 / 0 counts as 0, infinity / infinity as 1.
  let ratio = select(select(y / x, ${f}(1.0), y == x), ${f}(0.0), y == ${f}(0.0));
  let r = ${atanName}(ratio);
  let s = select(r, 3.14159265359 - r, bitcast<${u}>(b) > ${u}(0x7fffffffu));
  let t = select(s, -s, bitcast<${u}>(a) > ${u}(0x7fffffffu));
  return select(t, nan, ${isNanName}(a) | ${isNanName}(b));
}`,
  [atan, isNan],
);

/*
 * sin and cos up to |x| = 8192: the nearest multiple k of pi / 2 is taken off in three parts, the
 * first two short enough for k times them to be exact. Beyond, where neighbouring float32 values
 * are 1e-3 apart and more, the builtins' own accuracy has to do.
 */
function sinOrCos(name: 'sin' | 'cos') {
  const shift = name === 'sin' ? '' : ' + 1';
  return widthHelper(
    `${name}F32`,
    (own, { f, i }) => `fn ${own}(x: ${f}) -> ${f} {
  let k = round(x * 0.636619772368);
  let r = ((x - k * 1.5703125) - k * 0.0004837512969970703) - k * 7.549789954891882e-8;
  let z = r * r;
  let sine = r + r * z * (-0.16666654611 + z * (0.0083321608736 + z * -0.00019515295891));
  let tail = 0.04166664568298827 + z * (-0.001388731625493765 + z * 0.00002443315711809948);
  let cosine = 1.0 - 0.5 * z + z * z * tail;
  let quarter = ${i}(k)${shift};
  let turned = select(sine, cosine, (quarter & ${i}(1)) != ${i}(0));
  let near = select(turned, -turned, (quarter & ${i}(2)) != ${i}(0));
  return select(${name}(x), near, abs(x) <= ${f}(8192.0));
}`,
  );
}

export const sin = sinOrCos('sin');
export const cos = sinOrCos('cos');

export const tan = widthHelper(
  'tanF32',
  (name, { f }, [sinName, cosName]) => `fn ${name}(x: ${f}) -> ${f} {
  return ${sinName}(x) / ${cosName}(x);
}`,
  [sin, cos],
);

/**
 * Long division of |a| by |b| on their bits, eight binary digits a step: exact for any finite a
 * and b other than 0, where WGSL's own % is only as good as a rounded quotient. Leaves
 * |a| = q |b| + r 2^(eb - 150), with q modulo 2^32.
 */
const DIVIDE = `  let negativeA = (bitcast<u32>(a) & 0x7fffffffu) != 0u && bitcast<u32>(a) > 0x7fffffffu;
  let negativeB = bitcast<u32>(b) > 0x7fffffffu;
  let ua = bitcast<u32>(a) & 0x7fffffffu;
  let ub = bitcast<u32>(b) & 0x7fffffffu;
  let ea = max(ua >> 23u, 1u);
  let eb = max(ub >> 23u, 1u);
  let divisor = (ub & 0x7fffffu) | select(0u, 0x800000u, ub >= 0x800000u);
  var r = (ua & 0x7fffffu) | select(0u, 0x800000u, ua >= 0x800000u);
  var q = 0u;
  if (ua >= ub && ub != 0u && ua < 0x7f800000u) {
    q = r / divisor;
    r = r % divisor;
    var left = ea - eb;
    while (left > 0u) {
      let step = min(left, 8u);
      r = r << step;
      q = (q << step) + r / divisor;
      r = r % divisor;
      left = left - step;
    }
  }`;

/** Math.floor(a / b) stored to an int32: wrapped, and 0 for what is not finite. */
export const floorDivF32 = scalarHelper(
  'floorDivF32',
  ['f32', 'f32'],
  'i32',
  `${DIVIDE}
  if (ua >= 0x7f800000u || ub >= 0x7f800000u || ub == 0u) {
    return 0;
  }
  let quotient = bitcast<i32>(q);
  if (negativeA == negativeB) {
    return quotient;
  }
  return select(-quotient, -quotient - 1, r != 0u);`,
);

/**
 * tfjs's floored a mod b, with the sign of b; NaN for b = 0, and where an infinity leaves no
 * answer. `cpu` adds b to a remainder of the other sign in doubles and reduces again: a remainder
 * lost in that sum gives 0, not b.
 */
export const floorModF32 = scalarHelper(
  'floorModF32',
  ['f32', 'f32', 'f32'],
  'f32',
  `${DIVIDE}
  let sameSign = negativeA == negativeB;
  if (ua >= 0x7f800000u || ub > 0x7f800000u || ub == 0u || (ub == 0x7f800000u && !sameSign)) {
    return c;
  }
  var bits = ua;
  if (ua >= ub) {
    // r 2^(eb - 150) as a float32, by its bits: ldexp need not keep denormals.
    let shift = countLeadingZeros(r) - 8u;
    let normal = ((eb - shift) << 23u) | ((r << shift) & 0x7fffffu);
    bits = select(select(r << (eb - 1u), normal, eb > shift), 0u, r == 0u);
  }
  let remainder = bitcast<f32>(bits | (bitcast<u32>(a) & 0x80000000u));
  if (sameSign || bits == 0u) {
    return remainder;
  }
  let halfUlp = select(0x1p-53f, 0x1p-54f, (ub & 0x7fffffu) == 0u);
  let lost = abs(remainder) <= bitcast<f32>(ub & 0x7f800000u) * halfUlp;
  return select(remainder + b, 0.0, lost);`,
);

/**
 * Math.pow; c is NaN. Small whole exponents multiply: the builtin's exp2(b * log2(a)) makes 9 of
 * 3^2 only nearly.
 */
export const powF32 = scalarHelper(
  'powF32',
  ['f32', 'f32', 'f32'],
  'f32',
  `  let ua = bitcast<u32>(a) & 0x7fffffffu;
  let ub = bitcast<u32>(b) & 0x7fffffffu;
  if (ub == 0u) {
    return 1.0;
  }
  let whole = floor(b) == b;
  let rootOfNegative = a < 0.0 && ua < 0x7f800000u && !whole;
  let oneToInfinity = ua == 0x3f800000u && ub == 0x7f800000u;
  if (ua > 0x7f800000u || ub > 0x7f800000u || rootOfNegative || oneToInfinity) {
    return c;
  }
  let x = abs(a);
  var r = 1.0;
  if (ua == 0u || ua == 0x7f800000u) {
    r = select(x, 1.0 / x, b < 0.0);
  } else if (whole && abs(b) <= 32.0) {
    var base = x;
    for (var n = u32(abs(b)); n > 0u; n = n >> 1u) {
      r = select(r, r * base, (n & 1u) != 0u);
      base = base * base;
    }
    r = select(r, 1.0 / r, b < 0.0);
  } else {
    r = pow(x, b);
  }
  let odd = whole && abs(b) < 16777216.0 && (i32(b) & 1) != 0;
  return select(r, -r, odd && bitcast<u32>(a) > 0x7fffffffu);`,
);

/** A float32 as stored to an Int32Array: modulo 2^32, and 0 for what is not finite. */
export const truncateF32 = scalarHelper(
  'truncateF32',
  ['f32'],
  'i32',
  `  let bits = bitcast<u32>(a);
  let exponent = (bits >> 23u) & 0xffu;
  if (exponent < 158u) {
    return i32(a);
  }
  let significand = (bits & 0x7fffffu) | 0x800000u;
  let wrapped = select(0u, significand << (exponent - 150u), exponent < 182u);
  return bitcast<i32>(select(wrapped, 0u - wrapped, bits > 0x7fffffffu));`,
);
