/** What an evaluator of primitives is given and gives. */
import type { Node } from '../../ir/graph';
import type { Precision } from './precision';

/** Elements in row-major order: doubles, whatever the dtype. */
export type Doubles = Float64Array;

/** Elements of each output of a node, of those of its inputs. */
export type PrimitiveEvaluator = (
  node: Node,
  inputs: readonly Doubles[],
  precision: Precision,
) => Doubles | readonly Doubles[];
