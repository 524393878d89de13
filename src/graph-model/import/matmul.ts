import type { Value } from '../../ir/graph';
import { demand } from '../../ir/infer/refused';
import { addBiasAndActivation } from './fused-ops';
import type { Importer, ImportTable, NodeImport } from './node-import';

function alignRank(node: NodeImport, x: Value, rank: number): Value {
  const missing = new Array<number>(rank - x.shape.length).fill(1);
  return node.b.reshape(x, [...missing, ...x.shape]);
}

function matMul(transposeA: string, transposeB: string): (node: NodeImport) => Value {
  return (node) => {
    const [a, b] = node.matchTypes(node.input(0), node.input(1));
    const rank = Math.max(a.shape.length, b.shape.length);
    demand(Math.min(a.shape.length, b.shape.length) >= 2, () => 'an operand is no matrix');
    return node.b.op('BatchMatMul', [alignRank(node, a, rank), alignRank(node, b, rank)], {
      transposeA: node.boolAttr(transposeA),
      transposeB: node.boolAttr(transposeB),
    });
  };
}

const plain = matMul('transpose_a', 'transpose_b');
const batched: Importer = matMul('adj_x', 'adj_y');

/** Matrix products. */
export const matMulImports: ImportTable = {
  MatMul: plain,
  _FusedMatMul: (node) => addBiasAndActivation(node, plain(node)),
  BatchMatMul: batched,
  BatchMatMulV2: batched,
  BatchMatMulV3: batched,
};
