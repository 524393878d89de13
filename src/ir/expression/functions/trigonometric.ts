/**
 * Angles of float32. WGSL allows asin an error of 7e-5 and atan one of 4096 ulp, and leaves sin
 * outside [-pi, pi] open. Polynomials are those of S. Moshier's Cephes library.
 */
import { scalarHelper, widthHelper } from '../wgsl';
import { isNan } from './nan';

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
  let tail = 0.199777106478 + z * (-0.138776856032 + z * 0.0805374449538);
  let p = t + t * z * (-0.333329491539 + z * tail);
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

/**
 * An angle beyond 8192 less a multiple of 2 pi; a smaller one as it is. b is NaN. Payne and
 * Hanek's method: a times the bits of 2 / pi that matter at its exponent, in integers, modulo 4.
 */
const wrapAngle = scalarHelper(
  'wrapAngleF32',
  ['f32', 'f32'],
  'f32',
  `  if (abs(a) <= 8192.0) {
    return a;
  }
  let bits = bitcast<u32>(a);
  let exponent = (bits >> 23u) & 0xffu;
  if (exponent == 0xffu) {
    return b;
  }
  // 2 / pi after 32 zeros; |a| = m 2^(exponent - 150).
  var digits = array<u32, 7>(
    0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u);
  let m = (bits & 0x7fffffu) | 0x800000u;
  // The 64 digits from the first whose product with m is not a multiple of whole turns.
  let first = exponent - 120u;
  let word = first >> 5u;
  let shift = first & 31u;
  let high = (digits[word] << shift) | ((digits[word + 1u] >> 1u) >> (31u - shift));
  let low = (digits[word + 1u] << shift) | ((digits[word + 2u] >> 1u) >> (31u - shift));
  // Upper half of m times them, in parts that fit 32 bits: 2^32 is one turn.
  let turn = m * high + ((m * (low >> 24u)) >> 8u) + ((m * ((low >> 16u) & 0xffu)) >> 16u);
  let angle = f32(bitcast<i32>(turn)) * 1.4629180792671596e-9;
  return select(angle, -angle, a < 0.0);`,
);

/**
 * The nearest multiple k of pi / 2 is taken off in three parts, the first two short enough for
 * their products with k to be exact.
 */
function sinOrCos(name: 'sin' | 'cos') {
  const shift = name === 'sin' ? '' : ' + 1';
  return widthHelper(
    `${name}F32`,
    (own, { f, i }, [wrap]) => `fn ${own}(x: ${f}, nan: ${f}) -> ${f} {
  let a = ${wrap}(x, nan);
  let k = round(a * 0.636619772368);
  let r = ((a - k * 1.5703125) - k * 0.0004837512969970703) - k * 7.549789954891882e-8;
  let z = r * r;
  let sine = r + r * z * (-0.16666654611 + z * (0.0083321608736 + z * -0.00019515295891));
  let tail = 0.04166664568298827 + z * (-0.001388731625493765 + z * 0.00002443315711809948);
  let cosine = 1.0 - 0.5 * z + z * z * tail;
  let quarter = ${i}(k)${shift};
  let turned = select(sine, cosine, (quarter & ${i}(1)) != ${i}(0));
  return select(turned, -turned, (quarter & ${i}(2)) != ${i}(0));
}`,
    [wrapAngle],
  );
}

/** sin; WGSL leaves the builtin's accuracy outside [-pi, pi] open. */
export const sin = sinOrCos('sin');
export const cos = sinOrCos('cos');

export const tan = widthHelper(
  'tanF32',
  (name, { f }, [sinName, cosName]) => `fn ${name}(x: ${f}, nan: ${f}) -> ${f} {
  return ${sinName}(x, nan) / ${cosName}(x, nan);
}`,
  [sin, cos],
);
