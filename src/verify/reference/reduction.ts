/** Kernels that combine the elements of some axes. */
import { sizeOf, stridesOf, type Shape } from '../../ir/graph';
import type { Doubles, PrimitiveEvaluator } from './evaluator';
import { positionsUnder } from './indexing';
import { nonMaxSuppression } from './non-max-suppression';
import type { Precision } from './precision';

/** For each output element, the positions of what is reduced to it: `outer[i] + inner[j]`. */
export function split(
  shape: Shape,
  axes: readonly number[],
): { outer: Int32Array; inner: Int32Array } {
  const strides = stridesOf(shape);
  const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const of = (which: readonly number[]): Int32Array =>
    positionsUnder(
      which.map((axis) => shape[axis]),
      which.map((axis) => strides[axis]),
    );
  return { outer: of(kept), inner: of([...axes].sort((a, b) => a - b)) };
}

/** The sum of `count` terms. */
export function sumOf(
  count: number,
  term: (at: number) => number,
  { isSingle }: Precision,
): number {
  let sum = 0;
  if (isSingle) for (let i = 0; i < count; i++) sum = Math.fround(sum + term(i));
  else for (let i = 0; i < count; i++) sum += term(i);
  return sum;
}

type Fold = (row: Doubles, precision: Precision, isInteger: boolean) => number;

const extreme =
  (start: number, isBetter: (a: number, b: number) => boolean): Fold =>
  (row) => {
    let best = start;
    for (const x of row) if (Number.isNaN(x) || isBetter(x, best)) best = x;
    return best;
  };

const sum: Fold = (row, precision, isInteger) =>
  isInteger ? row.reduce((a, b) => (a + b) | 0, 0) : sumOf(row.length, (i) => row[i], precision);

const product: Fold = (row, { isSingle }, isInteger) =>
  row.reduce((a, b) => (isInteger ? Math.imul(a, b) : isSingle ? Math.fround(a * b) : a * b), 1);

const FOLDS: Readonly<Record<string, Fold>> = {
  Sum: sum,
  Mean: (row, precision) =>
    precision.round('RealDiv', [], sumOf(row.length, (i) => row[i], precision) / row.length),
  Prod: product,
  Max: extreme(-Infinity, (a, b) => a > b),
  Min: extreme(Infinity, (a, b) => a < b),
  All: (row) => Number(row.every((x) => x !== 0)),
  Any: (row) => Number(row.some((x) => x !== 0)),
};

/** What `f` makes of each row of elements that are reduced together. */
function overRows(x: Doubles, shape: Shape, axes: readonly number[], f: (row: Doubles) => number) {
  const { outer, inner } = split(shape, axes);
  const row = new Float64Array(inner.length);
  return Float64Array.from(outer, (start) => {
    for (let j = 0; j < inner.length; j++) row[j] = x[start + inner[j]];
    return f(row);
  });
}

function reduction(fold: Fold): PrimitiveEvaluator {
  return ({ inputs: [{ shape, dtype }], attrs }, [x], precision) => {
    const isInteger = dtype !== 'float32';
    return overRows(x, shape, attrs.axes as number[], (row) => fold(row, precision, isInteger));
  };
}

/** The first extremum. tfjs's `cpu` answers 0 where the first element is NaN, and passes others by. */
function argExtreme(isBetter: (a: number, b: number) => boolean): PrimitiveEvaluator {
  return ({ inputs: [{ shape }], attrs }, [x]) =>
    overRows(x, shape, [attrs.axis as number], (row) => {
      let at = 0;
      for (let i = 1; i < row.length; i++) if (isBetter(row[i], row[at])) at = i;
      return at;
    });
}

/** Replaces every row by what `f` makes of it. */
function rewriteRows(
  f: (row: Doubles, attrs: Readonly<Record<string, unknown>>, precision: Precision) => Doubles,
): PrimitiveEvaluator {
  return ({ inputs: [{ shape }], attrs }, [x], precision) => {
    const axes = (attrs.axes as number[] | undefined) ?? [shape.length - 1];
    const { outer, inner } = split(shape, axes);
    const result = new Float64Array(x.length);
    for (const start of outer) {
      const row = f(
        Float64Array.from(inner, (offset) => x[start + offset]),
        attrs,
        precision,
      );
      inner.forEach((offset, j) => (result[start + offset] = row[j]));
    }
    return result;
  };
}

/** Exponentials relative to the largest element, and their sum. */
export function exponentials(row: Doubles, precision: Precision) {
  const top = FOLDS.Max(row, precision, false);
  const powers = row.map((x) => precision.round('Exp', [x - top], Math.exp(x - top)));
  return { top, powers, total: sumOf(powers.length, (i) => powers[i], precision) };
}

export function softmaxOf(row: Doubles, precision: Precision): Doubles {
  const { powers, total } = exponentials(row, precision);
  return powers.map((power) => precision.round('RealDiv', [], power / total));
}

const logSoftmaxOf = (row: Doubles, _attrs: unknown, precision: Precision): Doubles => {
  const { top, total } = exponentials(row, precision);
  const log = precision.round('Log', [total], Math.log(total));
  return row.map((x) => precision.round('Sub', [], precision.round('Sub', [], x - top) - log));
};

function meanAndVariance(row: Doubles, precision: Precision): readonly [number, number] {
  const count = row.length;
  const divide = (total: number) => precision.round('RealDiv', [], total / count);
  const mean = divide(sumOf(count, (i) => row[i], precision));
  return [mean, divide(sumOf(count, (i) => (row[i] - mean) ** 2, precision))];
}

/** One row of `Normalize`, in its three forms: see `ir/primitives.md`. */
function normalized(row: Doubles, form: unknown, epsilon: number, precision: Precision): Doubles {
  const inverse = (power: number): number =>
    precision.round('Rsqrt', [power], 1 / Math.sqrt(power));
  if (form === 'layer') {
    const [mean, variance] = meanAndVariance(row, precision);
    const factor = inverse(variance + epsilon);
    return row.map((x) => precision.round('Multiply', [], (x - mean) * factor));
  }
  const squares = sumOf(row.length, (i) => row[i] * row[i], precision);
  const factor = inverse(
    form === 'l2' ? Math.max(squares, epsilon) : squares / row.length + epsilon,
  );
  return row.map((x) => precision.round('Multiply', [], x * factor));
}

/** Running totals, which begin anew after `partLength` elements. */
function cumulative(
  step: (total: number, x: number, isInteger: boolean) => number,
  initial: number,
): PrimitiveEvaluator {
  return ({ inputs: [{ shape, dtype }], attrs }, [x], { isSingle }) => {
    const axis = attrs.axis as number;
    const isInteger = dtype !== 'float32';
    const length = shape[axis];
    const partLength = (attrs.partLength as number | undefined) ?? length;
    const { outer, inner } = split(shape, [axis]);
    const result = new Float64Array(x.length);
    for (const start of outer) {
      for (let first = 0; first < length; first += partLength) {
        const last = Math.min(first + partLength, length) - 1;
        let total = initial;
        for (let i = 0; i <= last - first; i++) {
          const at = start + inner[attrs.reverse ? last - i : first + i];
          const next = step(total, x[at], isInteger);
          const stored = isInteger ? next | 0 : isSingle ? Math.fround(next) : next;
          result[at] = attrs.exclusive ? total : stored;
          total = stored;
        }
      }
    }
    return result;
  };
}

const moments: PrimitiveEvaluator = (
  { inputs: [{ shape }], outputs: [mean], attrs },
  [x],
  precision,
) => {
  const both = [new Float64Array(sizeOf(mean.shape)), new Float64Array(sizeOf(mean.shape))];
  let at = 0;
  overRows(x, shape, attrs.axes as number[], (row) => {
    [both[0][at], both[1][at]] = meanAndVariance(row, precision);
    return at++;
  });
  return both;
};

/** Of each part of a row, the largest elements and what `indices`, or their positions, say of them. */
const topK: PrimitiveEvaluator = ({ inputs: [{ shape }], outputs: [out], attrs }, [x, indices]) => {
  const { k, partLength } = attrs as { k: number; partLength: number };
  const columns = shape[shape.length - 1];
  const values = new Float64Array(sizeOf(out.shape));
  const found = new Float64Array(sizeOf(out.shape));
  const isBehind = (a: number, b: number): number => {
    const [p, q] = [x[a], x[b]].map((value) => (Number.isNaN(value) ? Infinity : value));
    const nans = Number(Number.isNaN(x[b])) - Number(Number.isNaN(x[a]));
    return p === q ? nans || a - b : q - p;
  };
  let at = 0;
  for (let row = 0; row < x.length; row += columns) {
    for (let first = 0; first < columns; first += partLength) {
      const length = Math.min(partLength, columns - first);
      const order = Array.from({ length }, (_, i) => row + first + i).sort(isBehind);
      for (const position of order.slice(0, k)) {
        values[at] = x[position];
        found[at++] = indices ? indices[position] : position - row;
      }
    }
  }
  return [values, found];
};

/** Positions of what is true, then those of all else, and how many are true. */
const where: PrimitiveEvaluator = (_node, [condition]) => {
  const positions = Array.from(condition, (_element, at) => at);
  const isTrue = (at: number): boolean => condition[at] !== 0;
  const found = positions.filter(isTrue);
  const rest = positions.filter((at) => !isTrue(at));
  return [Float64Array.of(...found, ...rest), Float64Array.of(found.length)];
};

export const reductions: Readonly<Record<string, PrimitiveEvaluator>> = {
  ...Object.fromEntries(Object.entries(FOLDS).map(([kernel, fold]) => [kernel, reduction(fold)])),
  ArgMax: argExtreme((a, b) => a > b),
  ArgMin: argExtreme((a, b) => a < b),
  Softmax: rewriteRows((row, _attrs, precision) => softmaxOf(row, precision)),
  LogSoftmax: rewriteRows(logSoftmaxOf),
  Normalize: (node, inputs, precision) =>
    rewriteRows((row, { form }) => normalized(row, form, inputs[1][0], precision))(
      node,
      inputs,
      precision,
    ),
  Cumsum: cumulative((total, x) => total + x, 0),
  // A product of integers has more digits than a double where it wraps.
  Cumprod: cumulative((total, x, isInteger) => (isInteger ? Math.imul(total, x) : total * x), 1),
  Moments: moments,
  TopK: topK,
  Where: where,
  NonMaxSuppression: nonMaxSuppression,
};
