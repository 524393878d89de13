/**
 * Nodes of a GraphDef by name, with inputs and readers; control flow closes loops, which are no cycles
 * here.
 */
import { parseInput, type InputRef, type NodeDef } from './graph-def';
import { describe, InvalidModelError } from './invalid-model';

/** Whether an edge closes a loop; without such edges a graph has no cycles. */
export function isBackEdge(from: NodeDef, to: NodeDef): boolean {
  return to.op === 'Merge' && from.op === 'NextIteration';
}

/** Nodes by name, with their inputs taken apart once. */
export class NodeGraph {
  private readonly byName = new Map<string, NodeDef>();
  private readonly parsed = new Map<NodeDef, readonly InputRef[]>();

  constructor(nodes: readonly NodeDef[]) {
    for (const node of nodes) this.byName.set(node.name, node);
  }

  /** @throws Error if there is no such node. */
  node(name: string): NodeDef {
    const node = this.byName.get(name);
    if (!node) throw new Error(`[webgpu-fused] graph model: the graph has no node ${name}.`);
    return node;
  }

  /** All inputs of a node, those that only order execution included. */
  inputs(node: NodeDef): readonly InputRef[] {
    let refs = this.parsed.get(node);
    if (!refs) this.parsed.set(node, (refs = (node.input ?? []).map(parseInput)));
    return refs;
  }

  /**
   * What `roots` need, producers first. A node that closes a loop comes after the loop's start.
   *
   * @throws InvalidModelError if the graph has a cycle that is no TF1 loop.
   */
  sort(roots: readonly NodeDef[], edges: (node: NodeDef) => readonly InputRef[]): NodeDef[] {
    const done = new Set<string>();
    const open = new Set<string>();
    const sorted: NodeDef[] = [];
    const pending = [...roots];
    for (const root of pending) {
      const stack = [root];
      for (let node = stack.at(-1); node; node = stack.at(-1)) {
        if (done.has(node.name) || open.has(node.name)) {
          stack.pop();
          if (!done.has(node.name)) sorted.push(node);
          done.add(node.name);
          continue;
        }
        open.add(node.name);
        for (const ref of edges(node)) {
          const source = this.node(ref.node);
          if (done.has(source.name)) continue;
          if (isBackEdge(source, node)) pending.push(source);
          else if (!open.has(source.name)) stack.push(source);
          else throw cycle(node, source);
        }
      }
    }
    return sorted;
  }
}

function cycle(node: NodeDef, source: NodeDef): InvalidModelError {
  const at = (node.input ?? []).findIndex((input) => parseInput(input).node === source.name);
  return new InvalidModelError(
    `${describe(node)} whose input ${at}, ${source.name}, is computed of the node itself`,
    'a graph without cycles',
  );
}
