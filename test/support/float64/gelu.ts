/** The error function and GELU in float64. */

/** 2/√π · Σ (−1)ⁿ x²ⁿ⁺¹ / (n! (2n + 1)), for small |x|. */
function erfBySeries(x: number): number {
  let term = x;
  let total = x;
  for (let n = 1; Math.abs(term) > 1e-20 * Math.abs(total); n++) {
    term *= -(x * x) / n;
    total += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}

/** erfc by its continued fraction (Abramowitz and Stegun 7.1.14), for x of 2 and more. */
function erfcByFraction(x: number): number {
  let fraction = x;
  for (let n = 120; n >= 1; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}

/** erfc(x) = 1 − erf(x), without cancellation for large x. */
export function erfc(x: number): number {
  if (x >= 2) return erfcByFraction(x);
  return x <= -2 ? 2 - erfcByFraction(-x) : 1 - erfBySeries(x);
}

/** x · Φ(x) */
export const geluErf = (x: number): number => (x / 2) * erfc(-x / Math.SQRT2);

/** x · ½ · (1 + tanh(√(2/π) · (x + 0.044715 x³))) */
export const geluTanh = (x: number): number =>
  (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
