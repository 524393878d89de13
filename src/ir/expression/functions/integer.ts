/**
 * int32 functions. WGSL defines its integer operators for every operand (they wrap, and division
 * by zero gives the dividend), but rejects a literal zero as divisor: as function parameters the
 * operands are never literals.
 */
import { scalarHelper } from '../wgsl';

/** Math.floor(a / b) stored to an int32: 0 for b = 0. */
export const floorDivI32 = scalarHelper(
  'floorDivI32',
  ['i32', 'i32'],
  'i32',
  `  if (b == 0) {
    return 0;
  }
  let q = a / b;
  return select(q, q - 1, q * b != a && (a < 0) != (b < 0));`,
);

/** a mod b with the sign of b: 0 for b = 0. */
export const floorModI32 = scalarHelper(
  'floorModI32',
  ['i32', 'i32'],
  'i32',
  `  if (b == 0) {
    return 0;
  }
  let r = a % b;
  return select(r, r + b, r != 0 && (r < 0) != (b < 0));`,
);

/** Math.pow stored to an int32; a negative exponent leaves only powers of 1 and -1. */
export const powI32 = scalarHelper(
  'powI32',
  ['i32', 'i32'],
  'i32',
  `  if (b < 0 && a != 1 && a != -1) {
    return 0;
  }
  var r = 1;
  var base = a;
  for (var n = abs(b); n > 0; n = n >> 1u) {
    r = select(r, r * base, (n & 1) != 0);
    base = base * base;
  }
  return r;`,
);
