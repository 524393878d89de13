/**
 * float32 operations that keep NaN on every driver. WGSL lets an implementation assume that there
 * is none (https://www.w3.org/TR/WGSL/#floating-point-evaluation), and NVIDIA's do: `max`, `min`
 * and `clamp` answer the other operand, `select(b, a, a > b)` is made a `max`, `x != x` false,
 * `!(a < b)` becomes `a >= b`. Integers have no NaN to assume away, so these ask the bits.
 *
 * The least that it costs: a test of NaN is an `and` and a comparison; relu is a comparison and a
 * select, as it is for floats.
 */
import { widthHelper } from '../wgsl';

/** Whether a value is NaN. */
export const isNan = widthHelper(
  'isNanF32',
  (name, { f, u, b }) => `fn ${name}(x: ${f}) -> ${b} {
  return (bitcast<${u}>(x) & ${u}(0x7fffffffu)) > ${u}(0x7f800000u);
}`,
);

/** Whether a value is NaN or infinite. */
export const isNotFinite = widthHelper(
  'isNotFiniteF32',
  (name, { f, u, b }) => `fn ${name}(x: ${f}) -> ${b} {
  return (bitcast<${u}>(x) & ${u}(0x7fffffffu)) >= ${u}(0x7f800000u);
}`,
);

/** Whether neither of two values is NaN: what a comparison needs to be false for NaN. */
export const areNumbers = widthHelper(
  'areNumbersF32',
  (name, { f, u, b }) => `fn ${name}(x: ${f}, y: ${f}) -> ${b} {
  let magnitude = ${u}(0x7fffffffu);
  let larger = max(bitcast<${u}>(x) & magnitude, bitcast<${u}>(y) & magnitude);
  return larger <= ${u}(0x7f800000u);
}`,
);

/** Whether a value is a number without a minus sign. */
export const isPositive = widthHelper(
  'isPositiveF32',
  (name, { f, u, b }) => `fn ${name}(x: ${f}) -> ${b} {
  return bitcast<${u}>(x) <= ${u}(0x7f800000u);
}`,
);

/** Whether a value is 0 or -0; never for a denormal, which comparisons may take for one. */
export const isZero = widthHelper(
  'isZeroF32',
  (name, { f, u, b }) => `fn ${name}(x: ${f}) -> ${b} {
  return (bitcast<${u}>(x) & ${u}(0x7fffffffu)) == ${u}(0u);
}`,
);

/** The larger or the smaller of two values, NaN if either is. */
function extremum(builtin: 'max' | 'min') {
  return widthHelper(
    `${builtin}F32`,
    (name, { f }, [areNumbersName]) => `fn ${name}(x: ${f}, y: ${f}) -> ${f} {
  return select(x + y, ${builtin}(x, y), ${areNumbersName}(x, y));
}`,
    [areNumbers],
  );
}

export const max = extremum('max');
export const min = extremum('min');

/**
 * The positive part, in two instructions. As integers with a sign, the negative floats, -0 and
 * -infinity among them, are the lowest up to 0xff800000; above it lie the NaNs that have a sign.
 */
export const relu = widthHelper(
  'reluF32',
  (name, { f, i }) => `fn ${name}(x: ${f}) -> ${f} {
  return select(x, ${f}(0.0), bitcast<${i}>(x) <= ${i}(-8388608));
}`,
);
