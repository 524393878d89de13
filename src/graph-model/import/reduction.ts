import type { Value } from '../../ir/graph';
import { normalizeAxes, normalizeAxis } from '../../ir/infer/shape';
import { batchNorm } from './batch-norm';
import type { ImportTable, NodeImport } from './node-import';

/** Sums and products count bools as integers. */
const COUNTS_BOOLS = new Set(['Sum', 'Prod']);

function reduce(kernel: string) {
  return (node: NodeImport): Value => {
    const x = node.input(0);
    const counts = COUNTS_BOOLS.has(kernel) && x.dtype === 'bool';
    const axes = normalizeAxes(
      node.inputs.length > 1 ? node.numbers(1) : undefined,
      x.shape.length,
    );
    const keepDims = node.boolAttr('keep_dims');
    return node.b.op(kernel, [counts ? node.b.cast(x, 'int32') : x], { axes, keepDims });
  };
}

function argExtreme(kernel: string) {
  return (node: NodeImport): Value => {
    const x = node.input(0);
    return node.b.op(kernel, [x], { axis: normalizeAxis(node.number(1, 0), x.shape.length) });
  };
}

const REDUCTIONS = ['Sum', 'Mean', 'Max', 'Min', 'Prod', 'All', 'Any'];

/** Ops that combine the elements of an axis, and normalizations. */
export const reductionImports: ImportTable = {
  ...Object.fromEntries(REDUCTIONS.map((kernel) => [kernel, reduce(kernel)])),
  ArgMax: argExtreme('ArgMax'),
  ArgMin: argExtreme('ArgMin'),
  Softmax: (node) => node.b.op('Softmax', [node.input(0)]),
  LogSoftmax: (node) => node.b.op('LogSoftmax', [node.input(0)]),
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
};
