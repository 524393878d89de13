/** The order of elements as that of unsigned integers, which have no NaN that a driver could assume away. */
import type { DType } from '../ir/graph';

/** `orderOf(x)` by the type of `x`: 0xffffffff is NaN's, and nothing else's; zeros of both signs are equal. */
export const ORDER: Readonly<Record<DType, string>> = {
  float32: `fn orderOf(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) { return 0xffffffffu; }
  if (bits == 0x80000000u) { return bits; }
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}`,
  int32: 'fn orderOf(x: i32) -> u32 { return bitcast<u32>(x) ^ 0x80000000u; }',
  bool: 'fn orderOf(x: i32) -> u32 { return u32(x); }',
};

/**
 * What `orderOf` answers for the largest float32 that is not above `x`: an element is above `x` if its
 * own order is above this. NaN has that of NaN, which nothing is above.
 */
export function orderBelow(x: number): number {
  if (Number.isNaN(x)) return 0xffffffff;
  const bits = new Uint32Array(Float32Array.of(x).buffer)[0];
  const order = bits === 0x80000000 || bits >>> 31 === 0 ? (bits | 0x80000000) >>> 0 : ~bits >>> 0;
  return Math.fround(x) > x ? order - 1 : order;
}
