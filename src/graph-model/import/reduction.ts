/** Ops that combine the elements of an axis, and normalizations. */
import type { Value } from '../../ir/graph';
import { batchNormOfInput, normalizationLowerings } from '../../lowering/normalization';
import { reductionLowerings } from '../../lowering/reduction';
import { topKLowerings } from '../../lowering/top-k';
import { invokes, type Importer, type ImportTable, type NodeImport } from './node-import';

const REDUCTIONS = ['Sum', 'Mean', 'Max', 'Min', 'Prod', 'All', 'Any'] as const;

const reduction = (node: NodeImport) => ({
  axis: node.inputs.length > 1 ? node.numbers(1) : undefined,
  keepDims: node.boolAttr('keep_dims'),
});

const cumulative = (node: NodeImport) => ({
  axis: node.number(1, 0),
  exclusive: node.boolAttr('exclusive'),
  reverse: node.boolAttr('reverse'),
});

const topK = (node: NodeImport) => ({ k: node.number(1, 0) });

const argExtreme = (node: NodeImport) => ({ axis: node.number(1, 0) });

/** `√(Σ x²)` */
function euclideanNorm(node: NodeImport): Value {
  const { Sum } = reductionLowerings;
  const squares = node.b.op('Square', [node.b.cast(node.input(0), 'float32')]);
  return node.b.op('Sqrt', [Sum.lower(node.b, [squares], reduction(node))]);
}

/**
 * Batch normalization, of which tfjs has the first output only.
 *
 * With `is_training`, TensorFlow takes the statistics of `x`, and its exporters leave mean and
 * variance empty. tfjs ignores the attribute, and `data_format` too; what it computes then is
 * nobody's, so TensorFlow's answer is given.
 */
function batchNorm(node: NodeImport): Value {
  const [x, scale, offset] = [node.input(0), node.input(1), node.input(2)];
  const varianceEpsilon = node.numberAttr('epsilon', 0.001);
  if (node.boolAttr('is_training')) {
    const dataFormat = node.stringAttr('data_format').startsWith('nc') ? 'NCHW' : 'NHWC';
    return batchNormOfInput(node.b, [x, scale, offset], { varianceEpsilon, dataFormat });
  }
  const operands = [x, node.input(3), node.input(4), offset, scale];
  return normalizationLowerings.FusedBatchNorm.lower(node.b, operands, { varianceEpsilon });
}

const lastAxis = (): object => ({});

export const reductionImports: ImportTable = {
  ...Object.fromEntries(
    REDUCTIONS.map((op): [string, Importer] => [op, invokes(reductionLowerings[op], reduction)]),
  ),
  EuclideanNorm: euclideanNorm,
  Cumsum: invokes(reductionLowerings.Cumsum, cumulative),
  Cumprod: invokes(reductionLowerings.Cumprod, cumulative),
  TopKV2: invokes(topKLowerings.TopK, topK),
  ArgMax: invokes(reductionLowerings.ArgMax, argExtreme),
  ArgMin: invokes(reductionLowerings.ArgMin, argExtreme),
  Softmax: invokes(reductionLowerings.Softmax, lastAxis),
  LogSoftmax: invokes(reductionLowerings.LogSoftmax, lastAxis),
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
};
