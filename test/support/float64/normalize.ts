/**
 * Normalisations of a row in float64. Instance and group normalisation are layer normalisations of
 * other axes: see `mapRows`.
 */
import { mean, sum, type RowFunction } from './rows';

/** (x − mean) / √(variance + ε), with the variance of deviations, which never cancels. */
export function layerNorm(epsilon: number): RowFunction {
  return (row) => {
    const average = mean(row);
    const variance = mean(row.map((x) => (x - average) ** 2));
    return row.map((x) => (x - average) / Math.sqrt(variance + epsilon));
  };
}

/** x / √(mean(x²) + ε) */
export function rmsNorm(epsilon: number): RowFunction {
  return (row) => {
    const root = Math.sqrt(mean(row.map((x) => x * x)) + epsilon);
    return row.map((x) => x / root);
  };
}

/** x / √max(Σ x², ε), as tf.math.l2_normalize. */
export function l2Norm(epsilon: number): RowFunction {
  return (row) => {
    const root = Math.sqrt(Math.max(sum(row.map((x) => x * x)), epsilon));
    return row.map((x) => x / root);
  };
}
