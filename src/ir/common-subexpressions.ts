/** Common subexpression elimination: equal kernels of equal operands run once. */
import { attrsKey } from './attrs-key';
import type { Graph, Node, Value } from './graph';

/** Lets later duplicates use the outputs of the first; the duplicates stay behind, dead. */
export function mergeCommonSubexpressions(graph: Graph): void {
  const first = new Map<string, Node>();
  const replacement = new Map<Value, Value>();
  for (const node of graph.nodes) {
    node.inputs = node.inputs.map((input) => replacement.get(input) ?? input);
    const shapes = node.outputs.map(({ dtype, shape }) => `${dtype}[${shape}]`).join();
    const operands = node.inputs.map((input) => input.id).join();
    const key = `${node.kernel}(${operands})${attrsKey(node.attrs)}${shapes}`;
    const same = first.get(key);
    if (!same) {
      first.set(key, node);
      continue;
    }
    node.outputs.forEach((output, i) => replacement.set(output, same.outputs[i]));
  }
  graph.outputs = graph.outputs.map((output) => replacement.get(output) ?? output);
}
