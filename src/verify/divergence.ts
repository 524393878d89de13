/** What a plan does wrong: found, and told. */
import type { Plan } from '../compiler/plan';
import type { Graph, Value } from '../ir/graph';
import type { PlanDevice } from '../runtime/plan-device';
import { findKernelFaults, type KernelFault } from './bisect-kernels';
import { expectationOf, findRuleFault, findWrongOutput, type Expectation } from './bisect-rules';
import { storeGraph } from './graph-json';
import type { Difference } from './judge';
import type { PlanRun, RunContents } from './plan-run';
import type { Doubles } from './reference';
import { graphScript, kernelScript, ruleScript } from './reproduction';

/** Something that computes another result than the model, or the code, says. */
export interface Divergence {
  /**
   * `rule`: a rewrite changes what the graph computes. `kernel`: a shader does not compute its part of
   * it. `plan`: each kernel is right by itself, and all together are not. `reading`: tfjs's own kernels
   * compute something else than the graph that was read. `repeat`: a later call gives something else.
   */
  readonly kind: 'rule' | 'kernel' | 'plan' | 'reading' | 'repeat';
  /** Nodes of the model (or calls of eager code, `Relu#2`) that are computed there. */
  readonly nodes: readonly string[];
  /** The rewrite, or every rewrite that made the kernel's nodes. */
  readonly rules: readonly string[];
  /** The kernel family, its label, and its shader. */
  readonly family?: string;
  readonly label?: string;
  readonly wgsl?: string;
  /** What is wrong, on one line. */
  readonly message: string;
  /** A script that shows it by itself; empty where there is none. */
  readonly reproduction: string;
}

export function describeDifference(
  { dtype }: Pick<Value, 'dtype'>,
  difference: Difference,
): string {
  const { count, at, actual, expected, allowed } = difference;
  const room = dtype === 'float32' ? ` (allowed: ±${allowed.toPrecision(2)})` : '';
  const more = count > 1 ? `, and ${count - 1} more` : '';
  return `element ${at} is ${actual}, not ${expected}${room}${more}`;
}

/** What is wrong with the results of a plan's first run. */
export async function findDivergences(
  device: PlanDevice,
  { source, plan }: Pick<PlanRun, 'source' | 'plan'>,
  contents: RunContents,
  originals: readonly (ArrayLike<number> | undefined)[] = [],
): Promise<Divergence[]> {
  const expectation = await expectationOf(source, contents);
  const wrong = await findWrongOutput(source, expectation, contents.outputs, originals);
  if (!wrong) return [];
  const rule = await ruleDivergence(device, source, contents, expectation);
  if (rule) return [rule];
  const faults = await findKernelFaults(device, plan, knownOfPlan(plan, contents));
  const script = planScript(plan.label, source, contents);
  if (faults.length > 0) return faults.map((fault) => describeKernel(plan, fault, script));
  const { output, difference } = wrong;
  const what = describeDifference(source.outputs[output], difference);
  return [
    {
      kind: 'plan',
      nodes: [],
      rules: [],
      message: `output ${output} of ${plan.label}: ${what}; each of its kernels is right by itself`,
      reproduction: script,
    },
  ];
}

/** Elements of a plan's inputs and of the constants that it binds. */
function knownOfPlan(plan: Plan, contents: RunContents): Map<Value, Doubles> {
  const known = new Map<Value, Doubles>(plan.inputs.map((value, i) => [value, contents.inputs[i]]));
  for (const value of [...plan.constants, ...(plan.prelude?.plan.constants ?? [])]) {
    const elements = value.constant && contents.constants.get(value.constant);
    if (elements) known.set(value, elements);
  }
  return known;
}

async function ruleDivergence(
  device: PlanDevice,
  source: Graph,
  contents: RunContents,
  expectation: Expectation,
): Promise<Divergence | null> {
  const fault = await findRuleFault(device, source, contents, expectation);
  if (!fault) return null;
  const { rewrite, output, difference } = fault;
  return {
    kind: 'rule',
    nodes: rewrite.nodes,
    rules: [rewrite.rule],
    message:
      `rule ${rewrite.rule} changes what ${rewrite.nodes.join(', ')} compute: ` +
      describeDifference(source.outputs[output], difference),
    reproduction: ruleScript(fault),
  };
}

/** @param script that of the whole plan, for kernels that cannot be shown by themselves. */
function describeKernel(plan: Plan, fault: KernelFault, script: string): Divergence {
  const { record, dispatch, difference, binding } = fault;
  const { value, name } = dispatch.program.bindings[binding];
  const what = difference ? describeDifference(value, difference) : 'it leaves elements unwritten';
  const rules = plan.record.rewrites
    .filter(({ nodes }) => nodes.some((node) => record.origins.includes(node)))
    .map(({ rule }) => rule);
  return {
    kind: 'kernel',
    nodes: record.origins,
    rules: [...new Set(rules)],
    family: record.family,
    label: record.label,
    wgsl: dispatch.program.wgsl,
    message: `${record.family} kernel ${record.label}, buffer ${name}: ${what}`,
    reproduction: fault.isPrivate ? script : kernelScript(fault),
  };
}

function planScript(label: string, source: Graph, contents: RunContents): string {
  return graphScript(`plan ${label}`, storeGraph(source, contents.inputs, contents.constants));
}
