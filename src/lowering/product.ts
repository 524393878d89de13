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
  return b.op('BatchMatMul', aligned, { transposeA, transposeB });
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
