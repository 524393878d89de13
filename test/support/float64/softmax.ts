/** Softmax of a row in float64. A row of nothing but −∞ is NaN, as it is in tfjs. */
import { sum, type RowFunction } from './rows';

function shifted(row: readonly number[]): number[] {
  const highest = row.reduce((most, x) => Math.max(most, x), -Infinity);
  return row.map((x) => x - highest);
}

export const softmax: RowFunction = (row) => {
  const powers = shifted(row).map(Math.exp);
  const total = sum(powers);
  return powers.map((power) => power / total);
};

export const logSoftmax: RowFunction = (row) => {
  const distances = shifted(row);
  const logarithm = Math.log(sum(distances.map(Math.exp)));
  return distances.map((distance) => distance - logarithm);
};
