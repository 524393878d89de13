/**
 * Regions that only steer: of integers, by ops that tfjs computes on the CPU where operands
 * are few and live there. Their results decide what is picked, cut and asked for by ops of the CPU (strings, sparse
 * tensors), so a plan would upload some numbers to read them back. Integers are the same wherever they are
 * computed; floats are not, and stay on the device.
 */
import { isIntegral } from '../ir/graph';
import { dtypeAttr, type NodeDef } from './graph-def';

/** What is said of nodes that were left to the host. */
export const ON_HOST = 'its integers are few and on the CPU, which computes them';

/** Ops of TensorFlow whose kernels compute on the CPU, or compute nothing. */
const HOST_OPS: ReadonlySet<string> = new Set([
  ...['Abs', 'Neg', 'Add', 'AddV2', 'Sub', 'Mul', 'FloorDiv', 'Maximum', 'Minimum'],
  ...['Max', 'Min', 'Sum', 'Prod', 'All', 'Any', 'Cumsum', 'Bincount', 'DenseBincount'],
  ...['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual'],
  ...['LogicalAnd', 'LogicalNot', 'LogicalOr'],
  ...['Transpose', 'Slice', 'StridedSlice', 'Concat', 'ConcatV2', 'Pack', 'Unpack'],
  ...['Split', 'SplitV', 'Gather', 'GatherV2', 'GatherNd', 'Where'],
  ...['Reshape', 'ExpandDims', 'Squeeze', 'Identity', 'Shape', 'Rank', 'Size'],
]);

/** Whether a node, given integers, has integers that the CPU may compute. */
export function staysIntegral(node: NodeDef): boolean {
  if (node.op === 'Cast') return isIntegral({ dtype: dtypeAttr(node, 'DstT') });
  return HOST_OPS.has(node.op);
}

/**
 * Whether a region does nothing but steer, given integers.
 *
 * @param dtypeOf the type of a constant that it reads.
 */
export function isSteering(
  {
    nodes,
    constants,
  }: { readonly nodes: readonly NodeDef[]; readonly constants: readonly string[] },
  dtypeOf: (constant: string) => string | undefined,
): boolean {
  return (
    nodes.every((node) => staysIntegral(node)) &&
    constants.every((name) => isIntegral({ dtype: dtypeOf(name) }))
  );
}
