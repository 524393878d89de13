/** What an evaluator of primitives is given and gives. */
import type { Node } from '../../ir/graph';
import type { Precision } from './precision';

/** Elements in row-major order: doubles, whatever the dtype. */
export type Elements = Float64Array;

/** Elements of each output of a node, of those of its inputs. */
export type Evaluator = (
  node: Node,
  inputs: readonly Elements[],
  precision: Precision,
) => Elements | readonly Elements[];
