/** A function of rows over rows that are hard to get right. */
import { mapRows, rowPositions } from '../float64/rows';
import { formWriter, type AccuracyCase } from './case';
import type { RowForm } from './row-forms';
import { ROWS, SCORES } from './rows';

/**
 * WGSL grants inverseSqrt 2 ulp, exp 3 and a division 2.5, to stock as to us; what the order of
 * additions and multiplications leaves to chance is less than these ulp.
 */
const FLOOR = 4;

/** Every row of a tensor is of another kind; the kinds repeat if there are more rows. */
export function rowCase(
  form: RowForm,
  shape: readonly number[],
  axes: readonly number[] = [shape.length - 1],
): AccuracyCase {
  const kinds = Object.entries(form.kernel.endsWith('oftmax') ? { ...ROWS, ...SCORES } : ROWS);
  const rows = rowPositions(shape, axes);
  const x = new Float32Array(rows.length * rows[0].length);
  const parts = rows.map((at, row) => {
    const [name, values] = kinds[row % kinds.length];
    const elements = values(at.length);
    at.forEach((position, i) => (x[position] = elements[i]));
    return { name, at, floor: FLOOR };
  });
  return {
    form: form.name,
    size: `[${shape}] along ${axes}`,
    write() {
      const w = formWriter();
      const input = w.placeholder(
        'x',
        'float32',
        shape.map(() => -1),
      );
      w.node('y', 'Identity', [form.write(w, input, axes)]);
      return w;
    },
    feeds: { x: { shape, values: x } },
    expected: mapRows(x, shape, axes, form.reference),
    parts,
    // Statistics of one element are simplified away.
    kernel: rows[0].length > 1 ? form.kernel : null,
  };
}

/** Rows enough for every kind once. */
export const EVERY_KIND = Object.keys({ ...ROWS, ...SCORES }).length;
