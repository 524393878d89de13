/** Orders the groups so that every dispatch runs after those whose results it loads. */
import type { Node } from '../../ir/graph';
import type { KernelGroup } from '../../ir/kernel-group';
import type { FusionState, GrowingGroup } from './state';

/** Groups in execution order. Throws if they depend on each other in a circle. */
export function schedule(state: FusionState): KernelGroup[] {
  const ordered: KernelGroup[] = [];
  const status = new Map<GrowingGroup, 'open' | 'done'>();
  const visit = (root: GrowingGroup): void => {
    const stack = [root];
    while (stack.length > 0) {
      const group = stack[stack.length - 1];
      if (status.get(group) === undefined) {
        status.set(group, 'open');
        for (const needed of producersOf(state, group)) {
          const known = status.get(needed);
          if (known === 'open') {
            throw new Error(
              `[webgpu-fused] the kernels of ${group.anchor.kernel} and ${needed.anchor.kernel} need each other.`,
            );
          }
          if (known === undefined) stack.push(needed);
        }
        continue;
      }
      stack.pop();
      if (status.get(group) === 'done') continue;
      status.set(group, 'done');
      ordered.push(finishGroup(state, group));
    }
  };
  const byPosition = [...state.groups].sort(
    (a, b) => (state.position.get(a.anchor) as number) - (state.position.get(b.anchor) as number),
  );
  byPosition.forEach(visit);
  return ordered;
}

function finishGroup(state: FusionState, group: GrowingGroup): KernelGroup {
  return {
    anchor: group.anchor,
    members: group.members,
    stores: group.members
      .flatMap((node) => node.outputs)
      .filter((value) => state.isStored(group, value)),
  };
}

/** Groups whose results a group loads, through whatever it inlines. */
function producersOf(state: FusionState, group: GrowingGroup): Set<GrowingGroup> {
  const found = new Set<GrowingGroup>();
  const seen = new Set<Node>();
  const stack = group.members.flatMap((member) => member.inputs);
  for (let value = stack.pop(); value; value = stack.pop()) {
    const { producer } = value;
    if (!producer || seen.has(producer) || group.has(producer)) continue;
    seen.add(producer);
    const owner = state.groupOf.get(producer);
    if (owner) found.add(owner);
    else stack.push(...producer.inputs);
  }
  return found;
}
