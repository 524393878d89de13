/** Ops that write where indices say. */
import { sizeOf, type Shape } from '../../ir/graph';
import { scatterLowerings, scatterTargets } from '../../lowering/scatter';
import { InvalidModelError } from '../invalid-model';
import { invokes, type ImportTable, type NodeImport } from './node-import';

/**
 * The shape that operand `at` scatters into, or that is `shape`.
 *
 * @throws InvalidModelError where an index that never changes is outside: tfjs's shaders would write elsewhere.
 */
function checked(node: NodeImport, at: number, shape: Shape): Shape {
  const indices = node.input(at);
  const known = sizeOf(shape) > 0 && node.b.hostValues(indices);
  if (!known) return shape;
  const { targets, rows } = scatterTargets(known, indices.shape, shape);
  if (targets.every((row) => row >= 0 && row < rows)) return shape;
  throw InvalidModelError.ofInput(node.def, at, known, `indices into [${shape.join()}]`);
}

export const scatterImports: ImportTable = {
  ScatterNd: invokes(scatterLowerings.ScatterNd, (node) => ({
    shape: checked(node, 0, node.numbers(2)),
  })),
  TensorScatterUpdate: invokes(scatterLowerings.TensorScatterUpdate, (node) => {
    checked(node, 1, node.input(0).shape);
    return {};
  }),
  SparseToDense: invokes(
    scatterLowerings.SparseToDense,
    (node) => ({ outputShape: checked(node, 0, node.numbers(1)) }),
    (node) => [node.input(0), node.input(2), node.b.cast(node.input(3), node.input(2).dtype)],
  ),
};
