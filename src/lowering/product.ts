/** Matrix products. */
import type { GraphBuilder } from '../ir/builder';
import type { Value } from '../ir/graph';
import { demand } from '../ir/infer/refused';
import { addBiasAndActivation, FUSED_INPUTS, type FusedAttrs } from './activation';
import { alignRank, lowering } from './lowering';
import { matchTypes } from './types';

interface ProductAttrs {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** Leading axes broadcast, of which the shorter operand lacks some. */
function matMul(b: GraphBuilder, left: Value, right: Value, attrs: ProductAttrs): Value {
  const { transposeA = false, transposeB = false } = attrs;
  const operands = matchTypes(b, left, right);
  const ranks = operands.map(({ shape }) => shape.length);
  demand(Math.min(...ranks) >= 2, () => 'an operand is no matrix');
  const aligned = operands.map((x) => b.reshape(x, alignRank(x.shape, Math.max(...ranks))));
  const { dtype } = aligned[0];
  demand(dtype !== 'bool', () => 'a product of truth values is counted on cpu, in bytes');
  if (dtype === 'int32') return integerMatMul(b, aligned[0], aligned[1], attrs);
  return b.op('BatchMatMul', aligned, { transposeA, transposeB });
}

/** Integers wrap: a sum of products, of which nothing is stored, as tiles compute with floats. */
function integerMatMul(b: GraphBuilder, left: Value, right: Value, attrs: ProductAttrs): Value {
  const swapped = (x: Value): Value => {
    const axes = [...x.shape.keys()];
    return b.transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
  };
  // Rows against columns, each of them along the last axis.
  const rows = attrs.transposeA ? swapped(left) : left;
  const columns = attrs.transposeB ? right : swapped(right);
  const [count, depth] = rows.shape.slice(-2);
  const [others, depthToo] = columns.shape.slice(-2);
  demand(depth === depthToo, () => `rows of ${depth} and columns of ${depthToo} do not fit`);
  const terms = b.op('Multiply', [
    b.reshape(rows, [...rows.shape.slice(0, -2), count, 1, depth]),
    b.reshape(columns, [...columns.shape.slice(0, -2), 1, others, depth]),
  ]);
  return b.op('Sum', [terms], { axes: [terms.shape.length - 1], keepDims: false });
}

export const productLowerings = {
  BatchMatMul: lowering(['a', 'b'], (builder, [a, b], attrs: ProductAttrs) =>
    matMul(builder, a, b, attrs),
  ),
  _FusedMatMul: lowering(
    ['a', 'b', ...FUSED_INPUTS],
    (builder, [a, b, ...rest], attrs: ProductAttrs & FusedAttrs) =>
      addBiasAndActivation(builder, matMul(builder, a, b, attrs), rest, attrs),
  ),
};
