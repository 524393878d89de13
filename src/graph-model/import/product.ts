/** Matrix products, and sums of products written as an equation. */
import { einsumLowerings } from '../../lowering/einsum';
import { productLowerings } from '../../lowering/product';
import { readFusedOps } from './fused-ops';
import { invokes, type Importer, type ImportTable, type NodeImport } from './node-import';

const transposed = (a: string, b: string) => (node: NodeImport) => ({
  transposeA: node.boolAttr(a),
  transposeB: node.boolAttr(b),
});

const readMatMul = transposed('transpose_a', 'transpose_b');
const batched = invokes(productLowerings.BatchMatMul, transposed('adj_x', 'adj_y'));

const fusedMatMul: Importer = (node) => {
  const { operands, attrs } = readFusedOps(node);
  const all = { ...readMatMul(node), ...attrs };
  return productLowerings._FusedMatMul.lower(
    node.b,
    [...node.inputs.slice(0, 2), ...operands],
    all,
  );
};

export const productImports: ImportTable = {
  MatMul: invokes(productLowerings.BatchMatMul, readMatMul),
  _FusedMatMul: fusedMatMul,
  BatchMatMul: batched,
  BatchMatMulV2: batched,
  BatchMatMulV3: batched,
  Einsum: invokes(einsumLowerings.Einsum, (node) => ({ equation: node.stringAttr('equation') })),
};
