/** Shapes and dtypes of primitives: the tables by kernel, and who asks them. */
import type { Attrs, Shape, Value, ValueSpec } from '../graph';
import { scalarOp, scalarOps } from '../expression';
import { compositeInference, compositesInference } from './composite';
import { movementInference } from './movement';
import { reductionInference, reductionsInference } from './reduction';
import { refuse } from './refused';
import { broadcastShapes } from './shape';
import type { InferFunction, InferManyTable, InferTable } from './table';
import { windowInference, windowsInference } from './window';

export { RefusedError } from './refused';

const inferTable: InferTable = {
  ...movementInference,
  ...windowInference,
  ...reductionInference,
  ...compositeInference,
};

const inferManyTable: InferManyTable = {
  ...reductionsInference,
  ...windowsInference,
  ...compositesInference,
};

/** Whether the IR has a primitive of this name. */
export function isPrimitive(kernel: string): boolean {
  return kernel in inferTable || kernel in inferManyTable || scalarOp(kernel) !== undefined;
}

/** The names of all primitives. */
export function primitives(): string[] {
  return [...Object.keys(inferTable), ...Object.keys(inferManyTable), ...scalarOps.keys()];
}

/**
 * Shape and dtype of the output of a primitive (see `primitives.md`).
 *
 * @param shape the wanted output shape, for kernels whose inputs and attributes leave it open:
 *   Reshape, Slice, Tile, BroadcastTo, ResizeNearestNeighbor, ResizeBilinear and the gradients of
 *   windows by their input.
 * @throws RefusedError if the IR has no such kernel or the operands do not fit it.
 */
export function inferOutput(
  kernel: string,
  inputs: readonly Value[],
  attrs: Attrs,
  shape?: Shape,
): ValueSpec {
  const infer: InferFunction = inferTable[kernel] ?? inferElementwise(kernel);
  return infer(inputs, attrs, shape);
}

/**
 * Shapes and dtypes of the outputs of a primitive that has several.
 *
 * @throws RefusedError if the IR has no such kernel or the operands do not fit it.
 */
export function inferOutputs(
  kernel: string,
  inputs: readonly Value[],
  attrs: Attrs,
): readonly ValueSpec[] {
  const infer =
    inferManyTable[kernel] ?? refuse(`the IR has no kernel ${kernel} of several outputs`);
  return infer(inputs, attrs);
}

function inferElementwise(kernel: string): InferFunction {
  const op = scalarOp(kernel) ?? refuse(`the IR has no kernel ${kernel}`);
  return (inputs, attrs) => {
    const types = inputs.map((value) => value.dtype);
    const dtype = op.resultType(types, attrs) ?? refuse(`${kernel} has no form for ${types}`);
    return { shape: broadcastShapes(inputs.map((value) => value.shape)), dtype };
  };
}
