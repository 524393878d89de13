/** Common subexpression elimination: equal kernels of equal operands run once. */
import { expressionKey, isExpr } from './expression';
import type { Graph, Node, Value } from './graph';

/** Lets later duplicates use the outputs of the first; the duplicates stay behind, dead. */
export function mergeCommonSubexpressions(graph: Graph): void {
  const first = new Map<string, Node>();
  const replacement = new Map<Value, Value>();
  const attrKeys = new Map<Node['attrs'], string>();
  for (const node of graph.nodes) {
    node.inputs = node.inputs.map((input) => replacement.get(input) ?? input);
    let attrs = attrKeys.get(node.attrs);
    if (attrs === undefined) {
      const entries = Object.entries(node.attrs).sort(([a], [b]) => (a < b ? -1 : 1));
      // An expression shares its parts: written out as a tree, it could grow without bounds.
      attrs = JSON.stringify(entries, (_name, value: unknown) =>
        isExpr(value) ? expressionKey(value) : value,
      );
      attrKeys.set(node.attrs, attrs);
    }
    const shapes = node.outputs.map(({ dtype, shape }) => `${dtype}[${shape}]`).join();
    const operands = node.inputs.map((input) => input.id).join();
    const key = `${node.kernel}(${operands})${attrs}${shapes}`;
    const same = first.get(key);
    if (!same) {
      first.set(key, node);
      continue;
    }
    node.outputs.forEach((output, i) => replacement.set(output, same.outputs[i]));
  }
  graph.outputs = graph.outputs.map((output) => replacement.get(output) ?? output);
}
