/** A fault planted in every rule, one by one, is found and named: on the host, without a device. */
import { kernelTarget } from '../../../src/fused-kernels/target';
import { GraphBuilder } from '../../../src/ir/builder';
import { builtInStages } from '../../../src/patterns/rules/index';
import { simplifyAndRewrite } from '../../../src/compiler/compile';
import { copyGraph, type Graph } from '../../../src/ir/graph';
import { expectationOf, findRuleFault } from '../../../src/verify/bisect-rules';
import { RULE_CASES, type PlantCase } from '../../support/plants/cases';
import { spoilRule } from '../../support/plants/plant';
import { randomInput } from '../../support/random-graph';
import { defaultFacts } from '../fused-kernels/target';

const rules = builtInStages.flat();

function graphOf({ build, adapter = 'nvidia' }: PlantCase) {
  const b = new GraphBuilder();
  b.origins = ['node'];
  b.graph.outputs.push(...[build(b)].flat());
  const inputs = b.graph.inputs.map((value, i) =>
    Float64Array.from(randomInput(value, false, i + 1)),
  );
  const contents = { inputs, constants: new Map() };
  const device = { target: kernelTarget(defaultFacts, adapter), compileOptions: {} };
  return { graph: b.graph, contents, device };
}

const firedIn = (graph: Graph, device: ReturnType<typeof graphOf>['device']) =>
  simplifyAndRewrite(copyGraph(graph), device.target).rewrites.map(({ rule }) => rule);

test('every rule has a case', () => {
  expect(Object.keys(RULE_CASES).sort()).toEqual(rules.map(({ name }) => name).sort());
});

test.each(rules.map((rule) => [rule.name, rule] as const))('%s', async (name, rule) => {
  const { graph, contents, device } = graphOf(RULE_CASES[name]);
  expect(firedIn(graph, device)).toContain(name);
  const expectation = await expectationOf(graph, contents);
  expect(await findRuleFault(device, graph, contents, expectation)).toBeNull();
  const restore = spoilRule(rule);
  try {
    const fault = await findRuleFault(device, graph, contents, expectation);
    expect(fault?.rewrite.rule).toBe(name);
  } finally {
    restore();
  }
  expect(await findRuleFault(device, graph, contents, expectation)).toBeNull();
});
