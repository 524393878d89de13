/**
 * Grows a group forward: elementwise consumers, and layout changes between them, run on the
 * anchor's result while it is in registers.
 */
import type { Node, Value } from '../../ir/graph';
import { sizeOf } from '../../ir/graph';
import type { IndexExpr } from '../../ir/index-expression';
import * as ix from '../../ir/index-expression';
import { followNode } from '../../ir/kernel-group';
import type { FusionState, GrowingGroup } from './state';

export const EPILOGUE = 'epilogue';

/** Kernels of a group, at most: what is longer than a compiler can read is two. */
const MAX_MEMBERS = 512;

/** Layout changes keep every element, so that an epilogue can look through them. */
export function isLayoutChange(node: Node): boolean {
  return node.kernel === 'Transpose' || node.kernel === 'Reshape';
}

/** Adds to `group` every consumer that can follow it; `allowed` narrows the candidates. */
export function growEpilogue(
  state: FusionState,
  group: GrowingGroup,
  allowed: (node: Node) => boolean = () => true,
): void {
  const { outputs } = group.anchor;
  const [{ shape }] = outputs;
  const domain = ix.delinearize(ix.variable('i', sizeOf(shape)), shape);
  const coordsOf = new Map<Value, readonly IndexExpr[]>(outputs.map((value) => [value, domain]));
  const examined = new Set<Node>();
  const waiting = outputs.flatMap((value) => state.usesOf(value));
  while (waiting.length > 0) {
    waiting.sort((a, b) => position(state, b) - position(state, a));
    const node = waiting.pop() as Node;
    if (examined.has(node)) continue;
    examined.add(node);
    if (state.groupOf.has(node) || !allowed(node)) continue;
    const reason = whyNotFollow(state, group, node, coordsOf);
    if (reason !== null) {
      if (state.role(node) === 'scalar') state.refuse(EPILOGUE, [group.anchor, node], reason);
      continue;
    }
    const source = sourceOf(node, coordsOf) as Value;
    coordsOf.set(node.outputs[0], followNode(node, source, coordsOf.get(source) ?? []));
    state.join(group, node);
    waiting.push(...state.usesOf(node.outputs[0]));
  }
  group.members.sort((a, b) => position(state, a) - position(state, b));
  dropTrailingMovement(state, group);
}

function position(state: FusionState, node: Node): number {
  return state.position.get(node) as number;
}

function sourceOf(node: Node, coordsOf: ReadonlyMap<Value, unknown>): Value | undefined {
  const size = sizeOf(node.outputs[0].shape);
  return node.inputs.find((input) => coordsOf.has(input) && sizeOf(input.shape) === size);
}

/** The reason why `node` cannot run on the group's registers, or null. */
function whyNotFollow(
  state: FusionState,
  group: GrowingGroup,
  node: Node,
  coordsOf: ReadonlyMap<Value, readonly IndexExpr[]>,
): string | null {
  const separate = state.constraints.separate.get(node);
  if (separate !== undefined) return separate;
  if (group.members.length >= MAX_MEMBERS) return `${MAX_MEMBERS} kernels are one already`;
  if (state.role(node) !== 'scalar' && !isLayoutChange(node)) {
    return `${node.kernel} is not elementwise`;
  }
  const [output] = node.outputs;
  const source = sourceOf(node, coordsOf);
  if (sizeOf(output.shape) !== group.size || !source) {
    return `the output [${output.shape}] is larger than the anchor's [${group.anchor.outputs[0].shape}]`;
  }
  const coords = followNode(node, source, coordsOf.get(source) ?? []);
  for (const input of node.inputs) {
    const known = coordsOf.get(input);
    if (known) {
      if (!sameCoords(known, operandCoords(node, input, coords))) {
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

function operandCoords(node: Node, input: Value, coords: readonly IndexExpr[]): IndexExpr[] {
  if (isLayoutChange(node)) return [];
  const skip = coords.length - input.shape.length;
  return input.shape.map((dim, axis) => (dim === 1 ? ix.zero : coords[axis + skip]));
}

function sameCoords(known: readonly IndexExpr[], wanted: readonly IndexExpr[]): boolean {
  // Layout changes have one operand, which is their source.
  return wanted.length === 0 || known.every((coord, axis) => coord.key === wanted[axis].key);
}

/** Storage buffers if `node` joined: an upper bound, as every outside operand counts as one. */
export function buffersOf(state: FusionState, group: GrowingGroup, node: Node): number {
  const members = [...group.members, node];
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
