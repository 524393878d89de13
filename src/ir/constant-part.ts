/** Which values of a graph depend on constants only, and how to take their computation out of it. */
import { Graph, removeDeadNodes, sizeOf, type Node, type Value } from './graph';
import { magnitudesOf } from './magnitudes';

const known = new WeakMap<Node, boolean>();

/** True for constants, and for what is computed from constants alone. */
export function isConstant(value: Value): boolean {
  if (value.constant) return true;
  return value.producer !== undefined && isConstantNode(value.producer);
}

/**
 * Remembered by node: rewriting replaces operands by equal values, constant or not. Not by recursion: programs are
 * chains of thousands of nodes, and how deep calls may nest is chance.
 */
function isConstantNode(node: Node): boolean {
  const path = [node];
  for (let last = path.at(-1); last; last = path.at(-1)) {
    const waitsFor = known.has(last) ? undefined : decide(last);
    if (waitsFor) path.push(waitsFor);
    else path.pop();
  }
  return known.get(node) === true;
}

/** Remembers whether a node is constant, or gives one before it of which that must be known first. */
function decide(node: Node): Node | undefined {
  let answer = node.inputs.length > 0;
  for (const { constant, producer } of node.inputs) {
    if (constant) continue;
    if (producer && !known.has(producer)) return producer;
    answer = producer !== undefined && known.get(producer) === true;
    if (!answer) break;
  }
  known.set(node, answer);
  return undefined;
}

/** The constant part of a graph, and the constants that stand for its results in the rest. */
export interface ConstantPart {
  /** Has no inputs; its outputs are the results, in the order of `results`. */
  readonly graph: Graph;
  /** Constants without values of their own: whoever runs `graph` has them. */
  readonly results: readonly Value[];
}

/**
 * Moves the nodes of `graph` that depend on constants only into a graph of their own, to be run
 * once. What only spreads a small constant over a large shape stays: reading the small one again is
 * cheaper than storing the large one. Null if nothing is moved.
 */
export function splitConstantPart(graph: Graph): ConstantPart | null {
  const rest: Node[] = [];
  const part = new Graph();
  const readByRest = new Set<Value>();
  for (const node of [...graph.nodes].reverse()) {
    const stays =
      !isConstantNode(node) || (spreads(node) && node.outputs.some((v) => readByRest.has(v)));
    (stays ? rest : part.nodes).push(node);
    if (stays) for (const input of node.inputs) readByRest.add(input);
  }
  if (part.nodes.length === 0) return null;
  const moved = new Set(part.nodes);
  const stands = new Map<Value, Value>();
  const standFor = (value: Value): Value => {
    if (!value.producer || !moved.has(value.producer)) return value;
    let stand = stands.get(value);
    if (!stand) {
      stand = graph.constant(value, { magnitudes: magnitudesOf(value) });
      stands.set(value, stand);
    }
    return stand;
  };
  graph.nodes = rest.reverse();
  for (const node of graph.nodes) node.inputs = node.inputs.map(standFor);
  graph.outputs = graph.outputs.map(standFor);
  part.nodes.reverse();
  part.outputs = [...stands.keys()];
  removeDeadNodes(part);
  return { graph: part, results: [...stands.values()] };
}

function spreads({ inputs, outputs }: Node): boolean {
  const read = inputs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return sizeOf(outputs[0].shape) > read;
}
