/**
 * An anchor whose kernel computes its input anyway, element by element, stores it too where that is
 * a result of the graph: the sum of a residual connection, in front of a normalisation.
 */
import { buffersOf } from './epilogue';
import type { FusionState, GrowingGroup } from './state';

export const INPUT_STORE = 'input-store';

/** Makes the elementwise kernel in front of the group's anchor a member, if its result is wanted. */
export function adoptInput(state: FusionState, group: GrowingGroup): void {
  const { anchor } = group;
  if (!state.tables.anchor(anchor.kernel)?.storesInput) return;
  const node = anchor.inputs[0].producer;
  if (!node || state.role(node) !== 'scalar' || state.groupOf.has(node)) return;
  if (!state.outputs.has(node.outputs[0]) || state.constraints.separate.has(node)) return;
  if (buffersOf(state, group, node) > state.tables.maxStorageBuffers) {
    const reason = `it would bind more than ${state.tables.maxStorageBuffers} storage buffers`;
    state.refuse(INPUT_STORE, [node, anchor], reason);
    return;
  }
  state.adopt(group, node);
  const outside = group.members
    .flatMap(({ inputs }) => inputs)
    .filter(({ producer }) => !group.has(producer));
  if (outside.some((value) => state.dependsOn(value, group))) {
    state.leave(group, node);
    state.refuse(INPUT_STORE, [node, anchor], 'another kernel needs it before');
  }
}
