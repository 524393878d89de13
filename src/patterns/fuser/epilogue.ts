/**
 * Grows a group forward: elementwise consumers, and layout changes between them, run on the
 * anchor's result while it is in registers.
 */
import type { Node, Value } from '../../ir/graph';
import { sizeOf } from '../../ir/graph';
import type { IndexExpr } from '../../ir/index-expression';
import * as ix from '../../ir/index-expression';
import { followNode, isLayoutChange, resultsOf } from '../../ir/kernel-group';
import type { FusionState, GrowingGroup } from './state';

export const EPILOGUE = 'epilogue';

/** Kernels of a group, at most: what is longer than a compiler can read is two. */
const MAX_MEMBERS = 512;

/** Adds to `group` every consumer that can follow it; `allowed` narrows the candidates. */
export function growEpilogue(
  state: FusionState,
  group: GrowingGroup,
  allowed: (node: Node) => boolean = () => true,
): void {
  const outputs = resultsOf(group.anchor);
  const followed = new FollowedCoords(outputs);
  const examined = new Set<Node>();
  const waiting = outputs.flatMap((value) => state.usesOf(value));
  while (waiting.length > 0) {
    waiting.sort((a, b) => position(state, b) - position(state, a));
    const node = waiting.pop() as Node;
    if (examined.has(node)) continue;
    examined.add(node);
    if (state.groupOf.has(node) || !allowed(node)) continue;
    const reason = whyNotFollow(state, group, node, followed);
    if (reason !== null) {
      if (state.role(node) === 'scalar') state.refuse(EPILOGUE, [group.anchor, node], reason);
      continue;
    }
    followed.follow(node);
    state.join(group, node);
    waiting.push(...state.usesOf(node.outputs[0]));
  }
  group.members.sort((a, b) => position(state, a) - position(state, b));
  dropTrailingMovement(state, group);
}

function position(state: FusionState, node: Node): number {
  return state.position.get(node) as number;
}

/**
 * At which coordinates values are where the anchor's result is at some: worked out only for those that meet
 * again, which few do.
 */
class FollowedCoords {
  /** What a value follows; null for the anchor's own. */
  private readonly sources: Map<Value, Value | null>;
  private readonly coords = new Map<Value, readonly IndexExpr[]>();

  constructor(private readonly outputs: readonly Value[]) {
    this.sources = new Map(outputs.map((value) => [value, null]));
  }

  has(value: Value): boolean {
    return this.sources.has(value);
  }

  /** The operand that has as many elements as the result of `node`, and follows the anchor. */
  sourceOf(node: Node): Value | undefined {
    const size = sizeOf(node.outputs[0].shape);
    return node.inputs.find((input) => this.has(input) && sizeOf(input.shape) === size);
  }

  /** Lets the result of `node` follow its source. */
  follow(node: Node): void {
    this.sources.set(node.outputs[0], this.sourceOf(node) as Value);
  }

  /** Whether `node`, which follows `source`, needs `other` where that is as well. */
  meets(node: Node, source: Value, other: Value): boolean {
    const coords = followNode(node, source, this.coordsOf(source));
    const skip = coords.length - other.shape.length;
    const wanted = other.shape.map((dim, axis) => (dim === 1 ? ix.zero : coords[axis + skip]));
    return ix.areSame(this.coordsOf(other), wanted);
  }

  private coordsOf(value: Value): readonly IndexExpr[] {
    const known = this.coords.get(value);
    if (known) return known;
    const source = this.sources.get(value);
    const { shape } = this.outputs[0];
    const coords = source
      ? followNode(value.producer as Node, source, this.coordsOf(source))
      : ix.delinearize(ix.variable('i', sizeOf(shape)), shape);
    this.coords.set(value, coords);
    return coords;
  }
}

/** The reason why `node` cannot run on the group's registers, or null. */
function whyNotFollow(
  state: FusionState,
  group: GrowingGroup,
  node: Node,
  followed: FollowedCoords,
): string | null {
  const separate = state.constraints.separate.get(node);
  if (separate !== undefined) return separate;
  if (group.members.length >= MAX_MEMBERS) return `${MAX_MEMBERS} kernels are one already`;
  if (state.role(node) !== 'scalar' && !isLayoutChange(node)) {
    return `${node.kernel} is not elementwise`;
  }
  const [output] = node.outputs;
  const source = followed.sourceOf(node);
  if (sizeOf(output.shape) !== group.size || !source) {
    return `the output [${output.shape}] is larger than the anchor's [${group.anchor.outputs[0].shape}]`;
  }
  for (const input of node.inputs) {
    if (followed.has(input)) {
      if (input !== source && !followed.meets(node, source, input)) {
        return 'its operands are the same result in different layouts';
      }
    } else if (state.dependsOn(input, group)) {
      return `its operand ${input.name} is computed from this result by another kernel`;
    }
  }
  return buffersOf(state, group, node) > state.tables.maxStorageBuffers
    ? `it would bind more than ${state.tables.maxStorageBuffers} storage buffers`
    : null;
}

/** Storage buffers if `node` joined: an upper bound, as every outside operand counts as one. */
export function buffersOf(state: FusionState, group: GrowingGroup, node: Node): number {
  const members = [...group.members, node];
  const values = members.reduce(
    (sum, { inputs, outputs }) => sum + inputs.length + outputs.length,
    0,
  );
  // Most groups are small: what they have of operands and results is few enough, stored or not.
  if (values <= state.tables.maxStorageBuffers) return values;
  const inside = new Set(members);
  const reads = new Set<Value>();
  const writes = new Set<Value>();
  for (const member of members) {
    for (const input of member.inputs) {
      if (!input.producer || !inside.has(input.producer)) reads.add(input);
    }
    for (const output of member.outputs) {
      if (state.outputs.has(output) || state.usesOf(output).some((use) => !inside.has(use))) {
        writes.add(output);
      }
    }
  }
  const scalars = [...reads].filter((value) => value.constant && sizeOf(value.shape) === 1);
  return reads.size - scalars.length + writes.size;
}

/** A layout change nobody follows is left to the readers, who look through it. */
function dropTrailingMovement(state: FusionState, group: GrowingGroup): void {
  for (let i = group.members.length - 1; i > 0; i--) {
    const node = group.members[i];
    const [output] = node.outputs;
    if (!isLayoutChange(node) || state.outputs.has(output)) continue;
    if (!state.usesOf(output).some((use) => group.has(use))) state.leave(group, node);
  }
}
