/** float32 functions that are exact, or nearly so, because they work on the bits. */
import { scalarHelper } from '../wgsl';

/**
 * Long division of |a| by |b| on their bits, eight binary digits a step: exact for any finite a
 * and b other than 0, where WGSL's own % is only as good as a rounded quotient. Leaves
 * |a| = q |b| + r 2^(eb - 150), with q modulo 2^32.
 */
const DIVIDE = `  let ua = bitcast<u32>(a) & 0x7fffffffu;
  let ub = bitcast<u32>(b) & 0x7fffffffu;
  let negativeA = bitcast<u32>(a) > 0x80000000u;
  let negativeB = bitcast<u32>(b) > 0x7fffffffu;
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
 * 3^2 only nearly. Denormals it may take for 0, and 0 to the power of 0 for NaN.
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
  let inverse = bitcast<u32>(b) > 0x7fffffffu;
  let negative = bitcast<u32>(a) > 0x7fffffffu;
  let rootOfNegative = negative && ua > 0u && ua < 0x7f800000u && !whole;
  let oneToInfinity = ua == 0x3f800000u && ub == 0x7f800000u;
  if (ua > 0x7f800000u || ub > 0x7f800000u || rootOfNegative || oneToInfinity) {
    return c;
  }
  let x = abs(a);
  var r = 1.0;
  if (ua == 0u || ua == 0x7f800000u) {
    r = select(x, 1.0 / x, inverse);
  } else if (whole && abs(b) <= 32.0) {
    var base = x;
    for (var n = u32(abs(b)); n > 0u; n = n >> 1u) {
      r = select(r, r * base, (n & 1u) != 0u);
      base = base * base;
    }
    r = select(r, 1.0 / r, inverse);
  } else if (ub < 0x800000u) {
    r = 1.0;
  } else if (ua < 0x800000u) {
    r = pow(f32(ua) * 0x1p-23f, b) * exp2(-126.0 * b);
  } else {
    r = pow(x, b);
  }
  let odd = whole && abs(b) < 16777216.0 && (i32(b) & 1) != 0;
  return select(r, -r, odd && negative);`,
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
