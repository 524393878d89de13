/**
 * Plans without fusion, to measure what capture does by itself: each node of the model is a kernel
 * of its own, as on stock.
 */
import type { Graph, Node } from '../ir/graph';
import type { FusionConstraints } from '../patterns/fuser/index';

/** Constraints under which only primitives of one model node are fused, such as bias and activation. */
export function unfusedConstraints({ nodes }: Graph): FusionConstraints {
  const reason = 'fusion is switched off';
  const store = new Map<Node, string>();
  const separate = new Map<Node, string>();
  for (const node of nodes) {
    // A view costs stock nothing either.
    if (node.kernel === 'Reshape') continue;
    store.set(node, reason);
    const isOfAnother = node.inputs.every(
      ({ producer }) => !producer?.origins.some((origin) => node.origins.includes(origin)),
    );
    if (isOfAnother) separate.set(node, reason);
  }
  return { store, separate };
}
