import fc from 'fast-check';
import { compilePlan } from '../../../src/backend/plan/compile';
import type { Graph, Value } from '../../../src/ir/graph';
import { runOnCpu, runPlan, targetNamed, TARGETS } from '../../support/differential';
import { fuzz } from '../../support/fuzz';
import { printGraph } from '../../support/print-graph';
import { buildRandomGraph, randomInput, recipes } from '../../support/random-graph';
import { findDifference } from '../../support/tolerance';

/** Where graphs are run again node by node, to tell a fault of a kernel from one of fusion. */
async function blameNode(graph: Graph, inputs: readonly ArrayLike<number>[]): Promise<string> {
  const computed = graph.nodes.map((node) => node.outputs[0]);
  const whole = { ...graph, outputs: computed } as Graph;
  const values = await runOnCpu(whole, inputs);
  const known = new Map<Value, ArrayLike<number>>(computed.map((value, i) => [value, values[i]]));
  graph.inputs.forEach((value, i) => known.set(value, inputs[i]));
  for (const [i, node] of graph.nodes.entries()) {
    const operands = [...new Set(node.inputs)].filter((value) => !value.constant);
    const lone = {
      ...graph,
      inputs: operands.map((value) => ({ ...value, producer: undefined })),
      nodes: [] as Graph['nodes'],
    };
    const stand = new Map(operands.map((value, at) => [value, lone.inputs[at]]));
    const copy = { ...node, inputs: node.inputs.map((value) => stand.get(value) ?? value) };
    const [output] = node.outputs.map((value) => ({ ...value, producer: copy }));
    const single = { ...lone, nodes: [{ ...copy, outputs: [output] }], outputs: [output] };
    output.producer = single.nodes[0];
    const plan = compilePlan(single as unknown as Graph, await targetNamed('software'), 'one');
    const [actual] = await runPlan(
      plan,
      operands.map((value) => known.get(value) ?? []),
    );
    const difference = findDifference(actual, values[i], 1e-4);
    if (difference) return `${node.kernel} alone is wrong: ${difference}`;
  }
  return 'every node alone is right';
}

async function check(recipe: Parameters<typeof buildRandomGraph>[0], exact: boolean) {
  const { graph, errors } = buildRandomGraph(recipe, exact);
  const inputs = graph.inputs.map((value, i) => randomInput(value, exact, i + 1));
  const expected = await runOnCpu(graph, inputs);
  const target = TARGETS[recipe.steps.length % TARGETS.length];
  const fail = async (message: string): Promise<never> => {
    const again = buildRandomGraph(recipe, exact).graph;
    const blame = await blameNode(again, inputs);
    throw new Error(`target '${target}': ${message}\n${blame}\n${printGraph(again)}`);
  };
  try {
    const plan = compilePlan(graph, await targetNamed(target), 'random');
    const actual = await runPlan(plan, inputs);
    for (const [i, values] of expected.entries()) {
      // Both sides may be off by the bound.
      const difference = findDifference(actual[i], values, 2 * errors[i]);
      if (difference) await fail(`output ${i}: ${difference}`);
    }
  } catch (error) {
    if ((error as Error).message.startsWith('target')) throw error;
    await fail((error as Error).stack ?? '');
  }
}

jest.setTimeout(600_000);

describe('random graphs, fused, compute what tfjs computes on cpu', () => {
  test('whole numbers: exactly', () =>
    fc.assert(
      fc.asyncProperty(recipes(true), (recipe) => check(recipe, true)),
      fuzz(60),
    ));

  test('real numbers: within the bound on every rounding on the way', () =>
    fc.assert(
      fc.asyncProperty(recipes(false), (recipe) => check(recipe, false)),
      fuzz(60),
    ));
});
