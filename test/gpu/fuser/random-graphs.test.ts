import fc from 'fast-check';
import { compilePlan } from '../../../src/compiler/compile';
import { blameNode } from '../../support/blame';
import { runOnCpu, runPlan, targetNamed, TARGETS } from '../../support/differential';
import { fuzz } from '../../support/fuzz';
import { printGraph } from '../../support/print-graph';
import { buildRandomGraph, randomInput, recipes, type Recipe } from '../../support/random-graph';
import { findDifference } from '../../support/tolerance';

/** What is wrong with the fused results of a recipe's graph; null if nothing is. */
async function findFault(recipe: Recipe, exact: boolean): Promise<string | null> {
  const { graph, errors } = buildRandomGraph(recipe, exact);
  const inputs = graph.inputs.map((value, i) => randomInput(value, exact, i + 1));
  const expected = await runOnCpu(graph, inputs);
  const target = TARGETS[recipe.steps.length % TARGETS.length];
  try {
    const plan = compilePlan(graph, await targetNamed(target), 'random');
    const actual = await runPlan(plan, inputs);
    for (const [i, values] of expected.entries()) {
      // Both sides may be off by the bound.
      const difference = findDifference(actual[i], values, 2 * errors[i]);
      if (difference) return `target '${target}', output ${i}: ${difference}`;
    }
  } catch (error) {
    return `target '${target}': ${(error as Error).stack}`;
  }
  return null;
}

async function check(recipe: Recipe, exact: boolean): Promise<void> {
  const fault = await findFault(recipe, exact);
  if (fault === null) return;
  const { graph } = buildRandomGraph(recipe, exact);
  const text = printGraph(graph);
  const inputs = graph.inputs.map((value, i) => randomInput(value, exact, i + 1));
  throw new Error(`${fault}\n${await blameNode(graph, inputs)}\n${text}`);
}

jest.setTimeout(3_600_000);

describe('random graphs, fused, compute what tfjs computes on cpu', () => {
  test('whole numbers: exactly', () =>
    fc.assert(
      fc.asyncProperty(recipes(true), (recipe) => check(recipe, true)),
      fuzz(100),
    ));

  test('real numbers: within the bound on every rounding on the way', () =>
    fc.assert(
      fc.asyncProperty(recipes(false), (recipe) => check(recipe, false)),
      fuzz(100),
    ));
});
