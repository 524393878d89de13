/**
 * The general fuser: groups a graph of primitives into as few dispatches as it can prove right.
 *
 * 1. Every anchor takes in the elementwise kernels that follow it (epilogue), and some the result of
 *    the graph that they read.
 * 2. What is left is computed by its consumers' loads (prologue) or by a loop of its own.
 * 3. Loops take in what follows them, like anchors.
 * 4. Concatenations become windows into one buffer where every part has a kernel that stores it.
 */
import type { Graph, Node, Value } from '../../ir/graph';
import type { KernelGroup } from '../../ir/kernel-group';
import { placeInConcats } from './concat';
import { growEpilogue } from './epilogue';
import { adoptInput } from './input-store';
import { chooseLoops } from './prologue';
import { schedule } from './schedule';
import {
  FusionState,
  roleOf,
  type FusionConstraints,
  type FusionTables,
  type Refusal,
} from './state';

export type { AnchorFacts, FusionConstraints, FusionTables, Refusal } from './state';

export { splitWideConcats } from './wide-concat';

/** A value that is a window of a larger buffer. */
export interface BufferWindow {
  readonly buffer: Value;
  readonly axis: number;
  readonly begin: number;
}

export interface FusedGraph {
  /** Dispatches in an order that respects their dependencies. */
  readonly groups: readonly KernelGroup[];
  /** Parts of concatenations: which buffer, and where. The buffer may be a window itself. */
  readonly windows: ReadonlyMap<Value, BufferWindow>;
  readonly refusals: readonly Refusal[];
}

/** Kernels that neither an anchor nor the inliner knows; a graph with one cannot be fused. */
export function findUnsupported(
  graph: Graph,
  tables: FusionTables,
): { node: Node; reason: string } | null {
  for (const node of graph.nodes) {
    const facts = tables.anchor(node.kernel);
    const reason = facts ? facts.refuse(node) : null;
    if (reason !== null) return { node, reason };
    const empty = node.outputs.find((output) => output.shape.includes(0));
    if (empty) return { node, reason: `its output [${empty.shape}] is empty` };
  }
  const unknown = graph.nodes.find((node) => roleOf(node, tables) === null);
  return unknown ? { node: unknown, reason: `no fused kernel computes ${unknown.kernel}` } : null;
}

/** Groups `graph`, whose kernels must all be known (see {@link findUnsupported}). */
export function fuseGraph(
  graph: Graph,
  tables: FusionTables,
  constraints?: FusionConstraints,
): FusedGraph {
  const state = new FusionState(graph, tables, constraints);
  const anchors = graph.nodes.filter((node) => state.role(node) === 'anchor');
  for (const anchor of anchors) state.startGroup(anchor, false);
  for (const group of [...state.groups]) growEpilogue(state, group);
  for (const group of [...state.groups]) adoptInput(state, group);
  placeInConcats(state);
  mergeLoops(state, chooseLoops(state));
  return {
    groups: schedule(state),
    windows: new Map(
      [...state.windows].map(([value, { concat, begin }]) => [
        value,
        { buffer: concat.outputs[0], axis: concat.attrs.axis as number, begin },
      ]),
    ),
    refusals: state.refusals,
  };
}

/** Makes a group of every loop that is left, in order, taking in the loops that follow it. */
function mergeLoops(state: FusionState, roots: readonly Node[]): void {
  const waiting = new Set(roots);
  for (const root of roots) {
    if (state.groupOf.has(root)) continue;
    growEpilogue(state, state.startGroup(root, true), (node) => waiting.has(node));
  }
}
