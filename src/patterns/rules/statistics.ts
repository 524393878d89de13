/** Pieces of normalisations that exporters write: means, variances, reciprocal roots. */
import type { Node, Shape, Value } from '../../ir/graph';
import { sameShape, sizeOf } from '../../ir/graph';
import { below, near, oneOf, op, scalar, scalarValue, type Pattern } from '../match';

/** `inner` as it meets a larger operand: perhaps after a dimension of 1 was put back. */
export function spread(inner: Pattern): Pattern {
  return below('Reshape', inner);
}

/** Elements that a reduction reads for each that it writes. */
function countOf(sum: Node): number {
  return sizeOf(sum.inputs[0].shape) / sizeOf(sum.outputs[0].shape);
}

/** True for `Σ · 1/n` and `Σ / n`, n being the number of summands. */
function isMean(node: Node): boolean {
  const [a, b] = node.inputs;
  const [sum, factor] = a.producer?.kernel === 'Sum' ? [a, b] : [b, a];
  const given = scalarValue(factor);
  if (given === undefined || sum.producer?.kernel !== 'Sum') return false;
  const n = countOf(sum.producer);
  const wanted = node.kernel === 'Multiply' ? 1 / n : n;
  return Math.abs(given - wanted) <= 1e-5 * wanted;
}

/** The mean of `inner`. */
export function mean(inner: Pattern): Pattern {
  return oneOf(
    op('Mean', [inner]),
    op('Multiply', [op('Sum', [inner]), scalar()], { where: isMean }),
    op('RealDiv', [op('Sum', [inner]), scalar()], { where: isMean }),
  );
}

/** The variance of `inner` around `average`: the mean of squared deviations, in either spelling. */
export function varianceAround(inner: Pattern, average: Pattern): Pattern {
  return oneOf(
    mean(op('SquaredDifference', [inner, average])),
    mean(squared(op('Sub', [inner, average]))),
  );
}

/** `inner²`. */
export function squared(inner: Pattern): Pattern {
  return oneOf(
    op('Square', [inner]),
    op('Multiply', [inner, inner], { where: ({ inputs }) => inputs[0] === inputs[1] }),
    op('Pow', [inner, near(2)]),
  );
}

/** `1 / √inner`. */
export function reciprocalRoot(inner: Pattern): Pattern {
  const root = oneOf(op('Sqrt', [inner]), op('Pow', [inner, near(0.5)]));
  return oneOf(
    op('Rsqrt', [inner]),
    op('RealDiv', [near(1), spread(root)]),
    op('Reciprocal', [spread(root)]),
    op('Pow', [inner, near(-0.5)]),
  );
}

/** `√inner`. */
export function squareRoot(inner: Pattern): Pattern {
  return oneOf(op('Sqrt', [inner]), op('Pow', [inner, near(0.5)]));
}

/** `inner`, or `max(inner, 0)` for a difference that rounding may have made negative. */
export function clipped(inner: Pattern): Pattern {
  return oneOf(
    op('Maximum', [inner, scalar(undefined, (x) => x === 0)]),
    op('Relu', [inner]),
    inner,
  );
}

/** Kernels that reduce. */
const REDUCTIONS: ReadonlySet<string> = new Set(['Mean', 'Sum', 'Max']);

/** The axes over which every reduction among `nodes` runs, or null if they differ. */
export function commonAxes(nodes: readonly Node[]): readonly number[] | null {
  const axes = nodes
    .filter(({ kernel }) => REDUCTIONS.has(kernel))
    .map((node) => node.attrs.axes as number[]);
  return axes.every((other) => sameShape(other, axes[0])) ? axes[0] : null;
}

/** True if `statistic` lies along the kept axes of `x`: one element for each row. */
export function isPerRow(statistic: Value, x: Value, axes: readonly number[]): boolean {
  const kept = x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  return sameShape(withLeadingOnes(statistic.shape, kept.length), kept);
}

function withLeadingOnes(shape: Shape, rank: number): Shape {
  return [...new Array<number>(Math.max(0, rank - shape.length)).fill(1), ...shape];
}
