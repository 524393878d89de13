import type { Graph, Value } from '../../src/ir/graph';

/** A graph as text, one node a line: what a failing random test shows. */
export function printGraph(graph: Graph): string {
  const typed = (value: Value) => `${value.name}: ${value.dtype}[${value.shape.join()}]`;
  const lines = graph.nodes.map(({ kernel, attrs, inputs, outputs }) => {
    const settings = Object.keys(attrs).length > 0 ? ` ${JSON.stringify(attrs)}` : '';
    return `  ${outputs.map(typed).join()} = ${kernel}(${inputs.map((x) => x.name).join()})${settings}`;
  });
  const constants = graph.constants
    .filter((value) => graph.nodes.some((node) => node.inputs.includes(value)))
    .map((value) => `  ${typed(value)} = constant`);
  return [
    `inputs ${graph.inputs.map(typed).join(', ')}`,
    ...constants,
    ...lines,
    `outputs ${graph.outputs.map((value) => value.name).join()}`,
  ].join('\n');
}
