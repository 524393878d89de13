/** Medians and spreads. */

/** A sample's centre and spread. */
export interface Summary {
  n: number;
  median: number;
  /** Interquartile range: the width of the middle half. */
  iqr: number;
}

/** Median and interquartile range of a sample. */
export function summarize(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    n: sorted.length,
    median: quantile(sorted, 0.5),
    iqr: quantile(sorted, 0.75) - quantile(sorted, 0.25),
  };
}

/** The value below which a share of a sorted sample lies, between neighbours if need be. */
function quantile(sorted: readonly number[], share: number): number {
  const position = (sorted.length - 1) * share;
  const below = Math.floor(position);
  const above = Math.ceil(position);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
}

/** The mean of ratios: the n-th root of their product. */
export function geometricMean(values: readonly number[]): number {
  const logs = values.reduce((sum, value) => sum + Math.log(value), 0);
  return Math.exp(logs / values.length);
}
