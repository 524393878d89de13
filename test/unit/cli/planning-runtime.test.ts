/** Models are planned without a device: as on one, also where control flow depends on what plans give. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { PlanningRuntime } from '../../../src/cli/planning-runtime';
import {
  installGraphModelHook,
  optimize,
  type GraphModelHook,
  type ModelExplanation,
} from '../../../src/graph-model';
import { softwareTarget } from '../fused-kernels/target';
import { TestGraph } from '../graph-model/support/test-graph';

let hook: GraphModelHook;

beforeEach(async () => {
  await tf.setBackend('cpu');
  hook = installGraphModelHook({
    backendName: 'cpu',
    runtime: new PlanningRuntime(softwareTarget),
    isEnabled: () => true,
  });
});

afterEach(() => hook.remove());

/** Each region's kernels, null where none were compiled. */
function labels({ regions }: ModelExplanation): (string[] | null)[] {
  return regions.map(({ plan }) => plan?.kernels.map(({ label }) => label) ?? null);
}

/** `cond(max(x² + bias) > 0, √(x² + bias) · 2, …)`: which branch is taken, a plan computes. */
function branching(bias: number): TestGraph {
  const graph = new TestGraph();
  graph.placeholder('x', 'float32', [4]);
  graph.node('square', 'Square', ['x']);
  graph.node('sum', 'AddV2', ['square', graph.constant(bias)]);
  graph.node('most', 'Max', ['sum', graph.ints([0])]);
  graph.node('p', 'Greater', ['most', graph.constant(0)]);
  graph.node('switch', 'Switch', ['sum', 'p']);
  graph.node('yes_root', 'Sqrt', ['switch:1']);
  graph.node('yes', 'Mul', ['yes_root', graph.constant(2)]);
  graph.node('no_neg', 'Neg', ['switch']);
  graph.node('no', 'Exp', ['no_neg']);
  graph.node('merge', 'Merge', ['no', 'yes']);
  return graph;
}

test.each([
  [1, 'Sqrt → Multiply'],
  [-1, 'Neg → Exp'],
])('with %i, the branch that the values choose is compiled', async (bias, taken) => {
  const told = labels(await optimize(branching(bias).load()));
  const branches = told.filter((kernels) => !kernels?.some((label) => label.includes('Square')));
  expect(branches).toHaveLength(2);
  expect(branches).toContainEqual([taken]);
  expect(branches).toContainEqual(null);
});

test('where only shapes matter, nothing is computed', async () => {
  const graph = new TestGraph();
  graph.placeholder('x', 'float32', [-1, 4]);
  graph.node('a', 'Square', [graph.node('relu', 'Relu', ['x'])]);
  graph.leftToTfjs('top', 'a', 3);
  graph.node('b', 'Exp', [graph.node('neg', 'Neg', ['top'])]);
  const model = graph.load();
  const before = tf.memory().numTensors;
  const told = await optimize(model, { inputs: { x: [3, 4] } });
  expect(labels(told)).toEqual([['Relu → Square'], ['Neg → Exp']]);
  expect(told.nodes.find(({ name }) => name === 'b')?.shape).toEqual([3, 4]);
  expect(tf.memory().numTensors).toBe(before);
});
