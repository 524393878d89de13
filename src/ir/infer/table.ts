/** What a table of inference holds. */
import type { Attrs, Shape, Value, ValueSpec } from '../graph';

/**
 * Shape and dtype of a primitive's output. `shape` is what the caller asks for, where inputs and
 * attributes do not determine it (a reshape, a slice, a resize).
 *
 * @throws RefusedError where the combination has no form in the IR.
 */
export type InferFunction = (
  inputs: readonly Value[],
  attrs: Attrs,
  shape: Shape | undefined,
) => ValueSpec;

/**
 * Shapes and dtypes of a primitive of several outputs, which are all of one shape: its kernel has
 * them in registers at the same coordinates.
 *
 * @throws RefusedError where the combination has no form in the IR.
 */
export type InferManyFunction = (inputs: readonly Value[], attrs: Attrs) => readonly ValueSpec[];

/** Inference by kernel name, for primitives of several outputs. */
export type InferManyTable = Readonly<Record<string, InferManyFunction>>;

/** Inference by kernel name. */
export type InferTable = Readonly<Record<string, InferFunction>>;
