/** BatchMatMul with broadcasting batch dimensions and either operand transposed. */
import type { Node } from '../ir/graph';
import { sizeOf } from '../ir/graph';
import type { IndexExpr } from '../ir/index-expression';
import * as ix from '../ir/index-expression';
import { concatSplits } from './concat-splits';
import type { KernelEmission } from './emit';
import type { FusedKernel } from './kernel';
import { floatOnly } from './loops';
import { generateProduct, productParts, tiledReuse } from './product';
import type { ProductSpec } from './product-spec';
import type { ProductShape } from './product-tiles';

/** The axis of A that is summed over. */
function depthAxis({ inputs: [a], attrs }: Node): number {
  return a.shape.length - (attrs.transposeA ? 2 : 1);
}

/** True if all batches have one B: they are rows of one product. */
function isFlat({ inputs: [, b], attrs }: Node): boolean {
  return !attrs.transposeA && sizeOf(b.shape.slice(0, -2)) === 1;
}

/** The shape of the result, without the axis of its parts. */
function resultShape({ outputs: [{ shape }], attrs }: Node): readonly number[] {
  return attrs.parts === undefined ? shape : shape.slice(1);
}

/** What tiles are chosen by. */
function shapeOf(node: Node): ProductShape {
  const shape = resultShape(node);
  const [rows, columns] = shape.slice(-2);
  const others = sizeOf(shape.slice(0, -2));
  const isOne = isFlat(node);
  return {
    batch: isOne ? 1 : others,
    rows: isOne ? others * rows : rows,
    columns,
    depth: node.inputs[0].shape[depthAxis(node)],
    taps: 1,
    pair: false,
  };
}

function matmul(emission: KernelEmission): ProductSpec {
  const { anchor } = emission.request.group;
  const { inliner } = emission;
  const [a, b] = anchor.inputs;
  const transposeA = anchor.attrs.transposeA as boolean;
  const transposeB = anchor.attrs.transposeB as boolean;
  const { parts } = anchor.attrs as { parts?: number };
  const shape = resultShape(anchor);
  const batchShape = shape.slice(0, -2);
  const flatten = isFlat(anchor);
  const rowShape = flatten ? shape.slice(0, -1) : [shape[shape.length - 2]];
  const batchCoords = (operand: readonly number[], coords: readonly IndexExpr[]): IndexExpr[] =>
    operand.slice(0, -2).map((dim, axis) => (dim === 1 ? ix.zero : coords[axis]));
  const outer = (batch: IndexExpr, row: IndexExpr): IndexExpr[] =>
    flatten ? ix.delinearize(row, rowShape) : [...ix.delinearize(batch, batchShape), row];
  return {
    batch: flatten ? 1 : sizeOf(batchShape),
    rows: sizeOf(rowShape),
    columns: shape[shape.length - 1],
    depth: a.shape[depthAxis(anchor)],
    parts,
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
    output: (batch, row, column, part) => [
      ...(parts === undefined ? [] : [part]),
      ...outer(batch, row),
      column,
    ],
  };
}

export const matmulKernel: FusedKernel = {
  name: 'matmul',
  anchors: ['BatchMatMul'],
  refuse: floatOnly,
  splitAxis: (node, index) =>
    index === 0 && node.attrs.parts === undefined ? depthAxis(node) : null,
  parts: (node, target) => productParts(shapeOf(node), target),
  reuse: (node, index, target) => {
    const [rows, columns] = node.outputs[0].shape.slice(-2);
    const tiled = tiledReuse(shapeOf(node), index === 0 ? 0 : 1, target);
    return tiled ?? (index === 0 ? columns / 8 : rows / 4);
  },
  generate: (request) => generateProduct(request, matmul),
};
