/**
 * Dispatches that stock `webgpu` launches for an op, where that is not one. An estimate: some
 * kernels launch more for large operands, and small operands may be computed on the host.
 */
const DISPATCHES: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    [
      ...['Const', 'Placeholder', 'NoOp', 'Identity', 'IdentityN', 'StopGradient', 'Snapshot'],
      ...['FakeQuantWithMinMaxVars', 'EnsureShape', 'Reshape', 'Squeeze', 'ExpandDims'],
      ...['Shape', 'ShapeN', 'Size', 'Rank', 'Range'],
    ].map((op) => [op, 0]),
  ),
  DivNoNan: 3,
  ScatterNd: 2,
  TensorScatterUpdate: 2,
  SparseToDense: 3,
  Einsum: 4,
  LogSoftmax: 5,
  Softmax: 5,
  SpaceToBatchND: 2,
  BatchToSpaceND: 2,
};

/** Ops that launch one kernel for each output. */
const PER_OUTPUT: ReadonlySet<string> = new Set(['Split', 'SplitV', 'Unpack']);

/** Estimates how many dispatches stock launches for a node with so many outputs in use. */
export function stockDispatches(op: string, outputs = 1): number {
  return PER_OUTPUT.has(op) ? outputs : (DISPATCHES[op] ?? 1);
}
