/** Splits concatenations of more parts than one kernel could bind. */
import type { Graph, Node, Value } from '../../ir/graph';
import { sortTopologically } from '../../ir/graph';

/** Makes every Concat one of at most `limit` parts, by concatenating runs of parts first. */
export function splitWideConcats(graph: Graph, limit: number): void {
  const wide = graph.nodes.filter((node) => node.kernel === 'Concat' && node.inputs.length > limit);
  for (const node of wide) {
    while (node.inputs.length > limit) node.inputs = concatRuns(graph, node, limit);
  }
  if (wide.length > 0) graph.nodes = sortTopologically(graph.nodes);
}

function concatRuns(graph: Graph, node: Node, limit: number): Value[] {
  const axis = node.attrs.axis as number;
  const runs: Value[] = [];
  for (let begin = 0; begin < node.inputs.length; begin += limit) {
    const parts = node.inputs.slice(begin, begin + limit);
    if (parts.length === 1) {
      runs.push(parts[0]);
      continue;
    }
    const shape = [...parts[0].shape];
    shape[axis] = parts.reduce((sum, part) => sum + part.shape[axis], 0);
    const spec = { shape, dtype: parts[0].dtype };
    runs.push(graph.node('Concat', parts, node.attrs, [spec], node.origins).outputs[0]);
  }
  return runs;
}
