/** The unit of dispatch: which kernel invocations run together, and what they leave in memory. */
import type { IndexExpr } from './index-expression';
import * as ix from './index-expression';
import type { Node, Value } from './graph';
import { sizeOf } from './graph';

/**
 * Kernel invocations that run as one dispatch: an anchor, the epilogue that follows it, and (not
 * listed) whatever its loads inline because nobody stores it.
 */
export interface KernelGroup {
  readonly anchor: Node;
  /** Anchor, perhaps what it reads, and epilogue, in graph order. */
  readonly members: readonly Node[];
  /** Values written to memory; all have as many elements as the anchor's first output, but for asides (see {@link resultsOf}). */
  readonly stores: readonly Value[];
}

/**
 * Outputs of an anchor that have an element at each of the coordinates that its epilogue is written for. Those of
 * another rank, a count of results, are asides: its kernel stores them once, and nothing follows them in registers.
 */
export function resultsOf({ outputs }: Node): readonly Value[] {
  const rank = outputs[0].shape.length;
  return outputs.filter(({ shape }) => shape.length === rank);
}

/** Layout changes keep every element, so that an epilogue can look through them. */
export function isLayoutChange({ kernel }: Node): boolean {
  return kernel === 'Transpose' || kernel === 'Reshape';
}

/** Coordinates of every member's output when the anchor's results, all of one shape, are at `coords`. */
export function followCoords(
  { anchor, members }: KernelGroup,
  coords: readonly IndexExpr[],
): Map<Value, IndexExpr[]> {
  const known = new Map<Value, IndexExpr[]>(resultsOf(anchor).map((value) => [value, [...coords]]));
  for (const node of members) {
    const [output] = node.outputs;
    if (known.has(output)) continue;
    if (anchor.inputs[0] === output) {
      // The anchor's own input, which its kernel stores as well.
      known.set(output, [...coords]);
      continue;
    }
    const source = node.inputs.find(
      (input) => known.has(input) && sizeOf(input.shape) === sizeOf(output.shape),
    );
    if (!source) throw new Error(`[webgpu-fused] ${node.kernel} does not follow its anchor.`);
    known.set(output, followNode(node, source, known.get(source) as IndexExpr[]));
  }
  return known;
}

/** Coordinates of a node's output, given those of an input with as many elements. */
export function followNode(node: Node, source: Value, coords: readonly IndexExpr[]): IndexExpr[] {
  const { shape } = node.outputs[0];
  if (node.kernel === 'Transpose') return (node.attrs.perm as number[]).map((axis) => coords[axis]);
  if (node.kernel === 'Reshape') return ix.delinearize(ix.linearize(coords, source.shape), shape);
  const added = shape.length - source.shape.length;
  return shape.map((_, axis) => (axis < added ? ix.zero : coords[axis - added]));
}
