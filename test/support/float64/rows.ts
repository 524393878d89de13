/** Rows of a tensor: what a statistic is taken over, in the order of the elements. */

/** A function of one row, in float64. */
export type RowFunction = (row: readonly number[]) => number[];

export const sum = (row: readonly number[]): number => row.reduce((total, x) => total + x, 0);

export const mean = (row: readonly number[]): number => sum(row) / row.length;

/** Flat positions of each row of a tensor whose statistics run over `axes`. */
export function rowPositions(shape: readonly number[], axes: readonly number[]): number[][] {
  const size = shape.reduce((product, dim) => product * dim, 1);
  const rows = new Map<string, number[]>();
  const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  for (let at = 0; at < size; at++) {
    let rest = at;
    const coords = [...shape].reverse().map((dim) => {
      const coord = rest % dim;
      rest = Math.floor(rest / dim);
      return coord;
    });
    coords.reverse();
    const key = kept.map((axis) => coords[axis]).join();
    const row = rows.get(key);
    if (row) row.push(at);
    else rows.set(key, [at]);
  }
  return [...rows.values()];
}

/** Applies `f` to the rows of a tensor that lie along `axes`. */
export function mapRows(
  x: ArrayLike<number>,
  shape: readonly number[],
  axes: readonly number[],
  f: RowFunction,
): Float64Array {
  const y = new Float64Array(x.length);
  for (const positions of rowPositions(shape, axes)) {
    const row = f(positions.map((at) => x[at]));
    positions.forEach((at, i) => (y[at] = row[i]));
  }
  return y;
}
