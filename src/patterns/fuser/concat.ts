/**
 * Lets producers store straight into their part of a concatenation: the Concat then costs nothing,
 * and other readers of a part read a window of the whole.
 */
import type { Node, Value } from '../../ir/graph';
import { isLayoutChange } from '../../ir/kernel-group';
import type { FusionState, GrowingGroup } from './state';

export const CONCAT = 'concat';

/** Turns every Concat into windows of its buffer where that is legal. */
export function placeInConcats(state: FusionState): void {
  for (const node of state.graph.nodes) {
    if (node.kernel !== 'Concat' || state.groupOf.has(node)) continue;
    const joined = node.inputs.flatMap((input) => rejoinLayoutChanges(state, input));
    const reason = whyNotPlace(state, node);
    if (reason !== null) {
      // Readers look through a layout change: a kernel need not store its result in both layouts.
      for (const change of joined.reverse()) {
        state.leave(state.groupOf.get(change) as GrowingGroup, change);
      }
      state.refuse(CONCAT, [node], reason);
      continue;
    }
    const axis = node.attrs.axis as number;
    let begin = 0;
    for (const input of node.inputs) {
      state.windows.set(input, { concat: node, begin });
      begin += input.shape[axis];
    }
  }
}

/** True if the node is a Concat that no kernel runs, because its parts are stored in place. */
export function isPlaced(state: FusionState, node: Node): boolean {
  return node.kernel === 'Concat' && state.windows.get(node.inputs[0])?.concat === node;
}

/**
 * Lets the kernel in front of `part` store it in the part's own layout: layout changes between the
 * two, which only this part needs, become the way it stores. Answers with these.
 */
function rejoinLayoutChanges(state: FusionState, part: Value): readonly Node[] {
  const chain: Node[] = [];
  let value = part;
  for (;;) {
    const { producer } = value;
    if (!producer) return [];
    const group = state.groupOf.get(producer);
    if (group) {
      chain.reverse();
      for (const node of chain) state.join(group, node);
      return chain;
    }
    const onlyUse = state.usesOf(value).length === 1 && !state.outputs.has(value);
    if (!isLayoutChange(producer) || !onlyUse) return [];
    chain.push(producer);
    [value] = producer.inputs;
  }
}

function whyNotPlace(state: FusionState, node: Node): string | null {
  if (state.isTooLarge(node.outputs[0])) return 'it is larger than a buffer of the device';
  if (new Set(node.inputs).size !== node.inputs.length) return 'one value is concatenated twice';
  for (const input of node.inputs) {
    if (!input.producer) return `${input.name} is stored already`;
    const placed = isPlaced(state, input.producer);
    if (!placed && !state.groupOf.has(input.producer))
      return `${input.name} is not stored by a kernel`;
    if (state.outputs.has(input)) return `${input.name} is an output with a buffer of its own`;
    if (state.windows.has(input)) return `${input.name} lives in another concatenation`;
  }
  const parts = new Set(node.inputs.flatMap((input) => partsOf(state, input)));
  for (const part of parts) {
    const group = state.groupOf.get(part.producer as Node) as GrowingGroup;
    if (readsAny(state, group, parts)) {
      return `the kernel of ${part.name} reads another part, and may not read what it writes`;
    }
  }
  return null;
}

/** The values that kernels store, below concatenations placed in this one. */
function partsOf(state: FusionState, value: Value): Value[] {
  const { producer } = value;
  return producer && isPlaced(state, producer)
    ? producer.inputs.flatMap((input) => partsOf(state, input))
    : [value];
}

/** True if a kernel of the group loads one of `values`, itself or through what it inlines. */
function readsAny(state: FusionState, group: GrowingGroup, values: ReadonlySet<Value>): boolean {
  const seen = new Set<Value>();
  const stack = group.members.flatMap((member) => member.inputs);
  for (let value = stack.pop(); value; value = stack.pop()) {
    if (seen.has(value)) continue;
    seen.add(value);
    const { producer } = value;
    if (!producer || group.has(producer)) continue;
    if (values.has(value)) return true;
    if (!state.groupOf.has(producer)) stack.push(...producer.inputs);
  }
  return false;
}
