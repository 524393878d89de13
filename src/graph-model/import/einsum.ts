import { sizeOf, type Value } from '../../ir/graph';
import { demand, refuse } from '../../ir/infer/refused';
import type { ImportTable, NodeImport } from './node-import';

/** A value whose axes have names. */
interface Labelled {
  readonly value: Value;
  readonly labels: readonly string[];
}

function parseEquation(equation: string, count: number): { terms: string[][]; result: string[] } {
  const [left, right, ...more] = equation.replace(/\s/g, '').split('->');
  if (right === undefined || more.length > 0) refuse(`equation ${equation} needs one arrow`);
  const terms = left.split(',').map((term) => [...term]);
  demand(terms.length === count, () => `equation ${equation} for ${count} operands`);
  for (const term of [...terms, [...right]]) {
    demand(new Set(term).size === term.length, () => `equation ${equation} repeats an axis`);
    demand(!term.includes('.'), () => `equation ${equation} has an ellipsis`);
  }
  return { terms, result: [...right] };
}

function dimOf({ value, labels }: Labelled, label: string): number {
  return value.shape[labels.indexOf(label)];
}

function permute(node: NodeImport, x: Labelled, labels: readonly string[]): Value {
  return node.b.transpose(
    x.value,
    labels.map((label) => x.labels.indexOf(label)),
  );
}

/** Sums the axes that `keep` does not name. */
function sumOut(node: NodeImport, x: Labelled, keep: ReadonlySet<string>): Labelled {
  const axes = x.labels.flatMap((label, axis) => (keep.has(label) ? [] : [axis]));
  const value = axes.length ? node.b.op('Sum', [x.value], { axes, keepDims: false }) : x.value;
  return { value, labels: x.labels.filter((label) => keep.has(label)) };
}

/** `[batch…, rows…, inner…] · [batch…, inner…, columns…]`, each group flattened to one axis. */
function contract(node: NodeImport, a: Labelled, b: Labelled, result: readonly string[]): Value {
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => result.includes(label));
  const inner = shared.filter((label) => !result.includes(label));
  const rows = a.labels.filter((label) => !shared.includes(label));
  const columns = b.labels.filter((label) => !shared.includes(label));
  const dims = (x: Labelled, labels: readonly string[]) => labels.map((label) => dimOf(x, label));
  for (const label of shared) {
    demand(dimOf(a, label) === dimOf(b, label), () => `operands differ along ${label}`);
  }
  const sizes = { batch: sizeOf(dims(a, batch)), inner: sizeOf(dims(a, inner)) };
  const left = node.b.reshape(permute(node, a, [...batch, ...rows, ...inner]), [
    ...[sizes.batch, sizeOf(dims(a, rows)), sizes.inner],
  ]);
  const right = node.b.reshape(permute(node, b, [...batch, ...inner, ...columns]), [
    ...[sizes.batch, sizes.inner, sizeOf(dims(b, columns))],
  ]);
  const product = node.b.op('BatchMatMul', [left, right], { transposeA: false, transposeB: false });
  const value = node.b.reshape(product, [...dims(a, batch), ...dims(a, rows), ...dims(b, columns)]);
  return permute(node, { value, labels: [...batch, ...rows, ...columns] }, result);
}

function einsum(node: NodeImport): Value {
  const equation = node.stringAttr('equation');
  const { terms, result } = parseEquation(equation, node.inputs.length);
  const operands = node.inputs.map((value, at): Labelled => ({ value, labels: terms[at] }));
  for (const { value, labels } of operands) {
    demand(value.dtype === 'float32', () => `operand is ${value.dtype}`);
    demand(value.shape.length === labels.length, () => `equation ${equation} does not fit`);
  }
  if (operands.length === 1) {
    return permute(node, sumOut(node, operands[0], new Set(result)), result);
  }
  demand(operands.length === 2, () => `equation ${equation} has more than two operands`);
  const [a, b] = operands.map((operand, at) =>
    sumOut(node, operand, new Set([...result, ...terms[1 - at]])),
  );
  return contract(node, a, b, result);
}

/** Sums of products written as an equation. */
export const einsumImports: ImportTable = { Einsum: einsum };
