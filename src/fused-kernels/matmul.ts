/** BatchMatMul with broadcasting batch dimensions and either operand transposed. */
import type { Node } from '../ir/graph';
import { sizeOf } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import { concatSplits } from './concat-splits';
import type { KernelEmission } from './emit';
import type { FusedKernel } from './kernel';
import { floatOnly } from './loops';
import { generateProduct } from './product';
import type { ProductSpec } from './product-spec';

/** The axis of A that is summed over. */
function depthAxis({ inputs: [a], attrs }: Node): number {
  return a.shape.length - (attrs.transposeA ? 2 : 1);
}

function matmul(emission: KernelEmission): ProductSpec {
  const { anchor } = emission.request.group;
  const { inliner } = emission;
  const [a, b] = anchor.inputs;
  const [output] = anchor.outputs;
  const transposeA = anchor.attrs.transposeA as boolean;
  const transposeB = anchor.attrs.transposeB as boolean;
  const rank = output.shape.length;
  const batchShape = output.shape.slice(0, -2);
  // A weight matrix shared by the whole batch makes all batches rows of one product.
  const flatten = !transposeA && sizeOf(b.shape.slice(0, -2)) === 1;
  const rowShape = flatten ? output.shape.slice(0, -1) : [output.shape[rank - 2]];
  const batchCoords = (operand: readonly number[], coords: readonly IndexExpr[]): IndexExpr[] =>
    operand.slice(0, -2).map((dim, axis) => (dim === 1 ? ix.zero : coords[axis]));
  const outer = (batch: IndexExpr, row: IndexExpr): IndexExpr[] =>
    flatten ? ix.delinearize(row, rowShape) : [...ix.delinearize(batch, batchShape), row];
  return {
    batch: flatten ? 1 : sizeOf(batchShape),
    rows: sizeOf(rowShape),
    columns: output.shape[rank - 1],
    depth: a.shape[depthAxis(anchor)],
    splits: concatSplits(a, depthAxis(anchor), (value) => emission.request.storage(value) !== null),
    window: [],
    a: (batch, row, _window, k) => {
      const coords = outer(batch, row);
      const last = coords[coords.length - 1];
      return inliner.value(a, [
        ...batchCoords(a.shape, coords),
        ...(transposeA ? [k, last] : [last, k]),
      ]);
    },
    b: (batch, _window, k, column) =>
      inliner.value(b, [
        ...batchCoords(b.shape, flatten ? [] : ix.delinearize(batch, batchShape)),
        ...(transposeB ? [column, k] : [k, column]),
      ]),
    output: (batch, row, column) => [...outer(batch, row), column],
  };
}

export const matmulKernel: FusedKernel = {
  name: 'matmul',
  anchors: ['BatchMatMul'],
  refuse: floatOnly,
  splitAxis: (node, index) => (index === 0 ? depthAxis(node) : null),
  reuse: (node, index) => {
    const { shape } = node.outputs[0];
    const [rows, columns] = shape.slice(-2);
    return index === 0 ? columns / 8 : rows / 4;
  },
  generate: (request) => generateProduct(request, matmul),
};
