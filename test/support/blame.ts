/** Finds out whether a wrong result is the fault of a kernel by itself, or of fusing it. */
import { compilePlan } from '../../src/compiler/compile';
import { Graph, type Node, type Value } from '../../src/ir/graph';
import { runOnCpu, runPlan, targetNamed } from './differential';
import { findDifference, largest } from './tolerance';

/** Coarse: rounding is not what is looked for. */
const WRONG = 1e-3;

/**
 * Runs every node of `graph`, whose outputs are changed on the way, as a graph of its own on the
 * operands that the cpu backend computes, and says which one is wrong.
 */
export async function blameNode(
  graph: Graph,
  inputs: readonly ArrayLike<number>[],
): Promise<string> {
  graph.outputs = graph.nodes.map(({ outputs }) => outputs[0]);
  const values = await runOnCpu(graph, inputs);
  const known = new Map<Value, ArrayLike<number>>(graph.outputs.map((one, i) => [one, values[i]]));
  graph.inputs.forEach((value, i) => known.set(value, inputs[i]));
  for (const [i, node] of graph.nodes.entries()) {
    const { alone, operands } = isolate(node);
    const plan = compilePlan(alone, await targetNamed('software'), 'one node');
    const elements = operands.map((value) => known.get(value) ?? []);
    const [actual] = await runPlan(plan, elements);
    const difference = findDifference(actual, values[i], WRONG * largest(values[i]));
    if (difference) return `${node.kernel} is wrong by itself: ${difference}`;
  }
  return 'every node is right by itself: fusing them is wrong';
}

/** A graph of one node, and what its inputs stand for. */
function isolate(node: Node): { alone: Graph; operands: Value[] } {
  const alone = new Graph();
  const standIns = new Map<Value, Value>();
  for (const value of node.inputs) {
    if (standIns.has(value)) continue;
    const { shape, dtype, constant } = value;
    const spec = { shape, dtype };
    standIns.set(value, constant ? alone.constant(spec, constant) : alone.input(spec));
  }
  const inputs = node.inputs.map((value) => standIns.get(value) as Value);
  const specs = node.outputs.map(({ shape, dtype }) => ({ shape, dtype }));
  alone.outputs = [...alone.node(node.kernel, inputs, node.attrs, specs).outputs];
  return { alone, operands: [...standIns.keys()].filter((value) => !value.constant) };
}
