/**
 * Decides, for kernels that follow no anchor, whether their consumers compute them while loading
 * (a prologue) or whether they get a loop of their own.
 */
import { scalarOp } from '../../ir/expression';
import type { Node, Value } from '../../ir/graph';
import { sizeOf } from '../../ir/graph';
import { isPlaced } from './concat';
import type { FusionState } from './state';

export const PROLOGUE = 'prologue';

/** Cost of one load from memory, in scalar operations. */
const LOAD_COST = 4;
/** Cost of writing a value once and reading it back once, in scalar operations an element. */
const ROUND_TRIP_COST = 64;
/** Cost of one more dispatch, in scalar operations. */
const DISPATCH_COST = 6e6;
/** Values of more operands than this are not computed more than once. */
const MAX_INLINED_LOADS = 12;

/** Kernels one inside the other, after which one is stored: an expression is no longer than a compiler can read. */
const MAX_DEPTH = 512;

/** Parts of a concatenation that get a loop each, at most: every loop is code. */
const MAX_PARTS = 16;

interface InlineCost {
  /** Scalar operations an element. */
  readonly operations: number;
  readonly loads: number;
  /** Kernels that are computed one inside the other, this one included. */
  readonly depth: number;
}

/** What a node costs depends on which of its producers are stored, and the other way round. */
const MAX_ROUNDS = 4;

/** Roots of loops, in graph order; every other ungrouped node is computed where it is loaded. */
export function chooseLoops(state: FusionState): Node[] {
  const free = state.graph.nodes.filter(
    (node) => !state.groupOf.has(node) && !isPlaced(state, node),
  );
  let stored = new Map<Node, string>();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const next = chooseStored(state, free, stored);
    const settled = next.size === stored.size && [...next.keys()].every((node) => stored.has(node));
    stored = next;
    if (settled) break;
  }
  for (const [node, reason] of stored) {
    if (reason !== '') state.refuse(PROLOGUE, [node], reason);
  }
  return free.filter((node) => stored.has(node));
}

/** The nodes to store, with reasons, if those in `assumed` are. */
function chooseStored(
  state: FusionState,
  free: readonly Node[],
  assumed: ReadonlyMap<Node, string>,
): Map<Node, string> {
  const inlined = new Map<Node, number>();
  const costs = new Map<Node, InlineCost>();
  for (const node of free) costs.set(node, inlineCost(state, node, costs, assumed));
  const stored = new Map<Node, string>();
  for (let i = free.length - 1; i >= 0; i--) {
    const node = free[i];
    const evaluations = evaluationsOf(state, node.outputs[0], inlined);
    const reason = whyStore(state, node, evaluations, costs.get(node) as InlineCost);
    if (reason === null) inlined.set(node, evaluations);
    else stored.set(node, reason);
  }
  return stored;
}

/** How many times each element would be computed, over all consumers. */
function evaluationsOf(
  state: FusionState,
  output: Value,
  inlined: ReadonlyMap<Node, number>,
): number {
  let total = 0;
  for (const use of state.usesOf(output)) {
    use.inputs.forEach((input, index) => {
      if (input !== output) return;
      const facts = state.tables.anchor(use.kernel);
      const ratio = isReadByParts(state, use)
        ? 1
        : sizeOf(use.outputs[0].shape) / Math.max(1, sizeOf(output.shape));
      const each = facts ? Math.max(1, facts.reuse(use, index)) : ratio * tapsOf(use);
      total += each * (inlined.get(use) ?? passesOver(state, use));
    });
  }
  return total;
}

/** How often its kernel computes a node that is in a group: more than once in front of the anchor. */
function passesOver(state: FusionState, node: Node): number {
  const anchor = state.groupOf.get(node)?.anchor;
  if (!anchor || anchor.inputs[0] !== node.outputs[0]) return 1;
  return 1 + (state.tables.anchor(anchor.kernel)?.reuse(anchor, 0) ?? 0);
}

function tapsOf(node: Node): number {
  return node.kernel === 'ResizeBilinear' ? 4 : 1;
}

/**
 * True for concatenations whose readers go through one part after the other: of every part they
 * compute its own elements only, and no element has to choose.
 */
function isReadByParts(state: FusionState, node: Node): boolean {
  const [output] = node.outputs;
  if (node.kernel !== 'Concat' || node.inputs.length > MAX_PARTS) return false;
  if (state.outputs.has(output) || state.constraints.store.has(node)) return false;
  return state.usesOf(output).every((use) => {
    const facts = state.tables.anchor(use.kernel);
    return use.inputs.every(
      (input, index) => input !== output || facts?.splitAxis?.(use, index) === node.attrs.axis,
    );
  });
}

/** True for loads, and index maps that leave neighbours along the last axis neighbours: vectors stay vectors. */
function keepsVectors({ kernel, attrs, inputs }: Node): boolean {
  const last = inputs[0].shape.length - 1;
  if (kernel === 'Transpose') return (attrs.perm as number[])[last] === last;
  if (kernel === 'Slice') return (attrs.strides as number[])[last] === 1;
  return kernel === 'Reshape' || kernel === 'FromPixels';
}

function inlineCost(
  state: FusionState,
  node: Node,
  known: ReadonlyMap<Node, InlineCost>,
  stored: ReadonlyMap<Node, string>,
): InlineCost {
  const byParts = isReadByParts(state, node);
  let operations = scalarOp(node.kernel)?.cost ?? (byParts || keepsVectors(node) ? 0 : 1);
  let loads = 0;
  let depth = 0;
  for (const input of node.inputs) {
    if (input.constant && sizeOf(input.shape) === 1) continue;
    const { producer } = input;
    const inner = producer && !stored.has(producer) ? known.get(producer) : undefined;
    const share = byParts ? sizeOf(input.shape) / sizeOf(node.outputs[0].shape) : 1;
    operations += share * (inner?.operations ?? 0);
    loads += share * (inner?.loads ?? 1);
    depth = Math.max(depth, inner?.depth ?? 0);
  }
  const taps = tapsOf(node);
  return { operations: operations * taps, loads: loads * taps, depth: depth + 1 };
}

/** Why a node gets a loop of its own: a reason, '' where it is plain (an output), or null. */
function whyStore(
  state: FusionState,
  node: Node,
  evaluations: number,
  cost: InlineCost,
): string | null {
  const [output] = node.outputs;
  const forced = state.constraints.store.get(node);
  if (forced !== undefined) return forced;
  if (state.outputs.has(output)) return '';
  if (evaluations === 0) return '';
  if (state.isTooLarge(output)) return null;
  // What is stored at one depth begins a new count, in the rounds that follow.
  if (cost.depth % MAX_DEPTH === 0) return `${MAX_DEPTH} kernels are one inside the other`;
  const hasFewLoads = node.inputs.length <= 2 || isReadByParts(state, node);
  if (state.role(node) === 'movement' && cost.operations <= 2 && hasFewLoads) return null;
  if (evaluations > 1 && cost.loads > MAX_INLINED_LOADS)
    return `it would load ${cost.loads} operands an element`;
  const each = cost.operations + LOAD_COST * Math.max(0, cost.loads - 1);
  const size = sizeOf(output.shape);
  const recompute = each * Math.max(0, evaluations - 1) * size;
  const store = DISPATCH_COST + ROUND_TRIP_COST * size;
  return recompute > store
    ? `recomputing it ${Math.round(evaluations)} times an element costs more than storing it`
    : null;
}
