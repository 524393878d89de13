/** Sums of products written as an equation. */
import type { GraphBuilder } from '../ir/builder';
import { sizeOf, type Value } from '../ir/graph';
import { demand, refuse } from '../ir/infer/refused';
import { variadic } from './lowering';

/** A value whose axes have names. */
interface Labelled {
  readonly value: Value;
  readonly labels: readonly string[];
}

function parseEquation(equation: string, count: number): { terms: string[][]; result: string[] } {
  const [left, right, ...more] = equation.replace(/\s/g, '').split('->');
  if (right === undefined || more.length > 0) refuse(`equation ${equation} needs one arrow`);
  const terms = left.split(',').map((term) => [...term]);
  const result = [...right];
  demand(terms.length === count, () => `equation ${equation} for ${count} operands`);
  for (const term of [...terms, result]) {
    demand(new Set(term).size === term.length, () => `equation ${equation} repeats an axis`);
    demand(!term.includes('.'), () => `equation ${equation} has an ellipsis`);
  }
  const known = new Set(terms.flat());
  demand(
    result.every((label) => known.has(label)),
    () => `equation ${equation} has an axis of no operand`,
  );
  return { terms, result };
}

function dimOf({ value, labels }: Labelled, label: string): number {
  return value.shape[labels.indexOf(label)];
}

function permute(b: GraphBuilder, x: Labelled, labels: readonly string[]): Value {
  return b.transpose(
    x.value,
    labels.map((label) => x.labels.indexOf(label)),
  );
}

/** Sums the axes that `keep` does not name. */
function sumOut(b: GraphBuilder, x: Labelled, keep: ReadonlySet<string>): Labelled {
  const axes = x.labels.flatMap((label, axis) => (keep.has(label) ? [] : [axis]));
  const value = axes.length ? b.op('Sum', [x.value], { axes, keepDims: false }) : x.value;
  return { value, labels: x.labels.filter((label) => keep.has(label)) };
}

/** `[batch…, rows…, inner…] · [batch…, inner…, columns…]`, each group flattened to one axis. */
function contract(b: GraphBuilder, x: Labelled, y: Labelled, result: readonly string[]): Value {
  const shared = x.labels.filter((label) => y.labels.includes(label));
  const batch = shared.filter((label) => result.includes(label));
  const inner = shared.filter((label) => !result.includes(label));
  const rows = x.labels.filter((label) => !shared.includes(label));
  const columns = y.labels.filter((label) => !shared.includes(label));
  const dims = (of: Labelled, labels: readonly string[]) => labels.map((label) => dimOf(of, label));
  for (const label of shared) {
    demand(dimOf(x, label) === dimOf(y, label), () => `operands differ along ${label}`);
  }
  const sizes = { batch: sizeOf(dims(x, batch)), inner: sizeOf(dims(x, inner)) };
  const left = b.reshape(permute(b, x, [...batch, ...rows, ...inner]), [
    ...[sizes.batch, sizeOf(dims(x, rows)), sizes.inner],
  ]);
  const right = b.reshape(permute(b, y, [...batch, ...inner, ...columns]), [
    ...[sizes.batch, sizes.inner, sizeOf(dims(y, columns))],
  ]);
  const product = b.op('BatchMatMul', [left, right], { transposeA: false, transposeB: false });
  const value = b.reshape(product, [...dims(x, batch), ...dims(x, rows), ...dims(y, columns)]);
  return permute(b, { value, labels: [...batch, ...rows, ...columns] }, result);
}

function einsum(b: GraphBuilder, values: readonly Value[], equation: string): Value {
  const { terms, result } = parseEquation(equation, values.length);
  const operands = values.map((value, at): Labelled => ({ value, labels: terms[at] }));
  for (const { value, labels } of operands) {
    demand(value.dtype === 'float32', () => `operand is ${value.dtype}`);
    demand(value.shape.length === labels.length, () => `equation ${equation} does not fit`);
  }
  if (operands.length === 1) {
    return permute(b, sumOut(b, operands[0], new Set(result)), result);
  }
  demand(operands.length === 2, () => `equation ${equation} has more than two operands`);
  const [x, y] = operands.map((operand, at) =>
    sumOut(b, operand, new Set([...result, ...terms[1 - at]])),
  );
  return contract(b, x, y, result);
}

export const einsumLowerings = {
  Einsum: variadic((b, operands, { equation }: { equation: string }) =>
    einsum(b, operands, equation),
  ),
};
