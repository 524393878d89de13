/** Compiles a graph of primitives to a plan: rewrite, fuse, generate, lay out memory. */
import type { KernelTarget } from '../fused-kernels/kernel';
import { anySizeTarget } from '../fused-kernels/target';
import type { Graph, Node, Value } from '../ir/graph';
import { mergeCommonSubexpressions } from '../ir/common-subexpressions';
import { splitConstantPart } from '../ir/constant-part';
import { removeDeadNodes } from '../ir/graph';
import { RefusedError } from '../ir/infer/refused';
import { runSteps, type Steps } from '../ir/steps';
import { findUnsupported, splitWideConcats, type Refusal } from '../patterns/fuser/index';
import { fusionTables, partsOf } from '../registry/kernels';
import type { RewriteOptions, RewriteResult } from '../patterns/rewriter';
import { rewriteGraphSteps, rulesGeneration } from '../registry/rules';
import type { RefusalRecord } from '../report/record';
import { generateKernels } from './generate';
import { bufferSteps, checkBuffers } from './memory';
import type { Plan } from './plan';
import { planRecord } from './plan-record';
import { remembers, scriptsFor, scriptsOf, structureOf } from './rewrite-memory';
import { sharedPrelude } from './shared-preludes';
import { splitOversized } from './split-oversized';
import { unfusedConstraints } from './unfused';

/** What rewriting did, and what its steps are remembered by. */
interface Rewritten extends RewriteResult {
  readonly structure?: string;
}

const NO_REWRITES: Rewritten = { rewrites: [], refusals: [], statistics: [] };

/** Memory layouts tried for one of many sizes, whose plan may not run often: each costs JavaScript. */
const FEW_LAYOUTS = 8;

/** How a graph is compiled. */
export interface CompileOptions extends Omit<RewriteOptions, 'script'> {
  /** Only what belongs to one node of the model is one kernel, to measure what fusion brings. */
  readonly isUnfused?: boolean;
  /** Graphs like this one came, or will come, with other sizes: shaders are written to be shared with those. */
  readonly anySize?: boolean;
}

/**
 * Compiles `graph`, which is changed on the way.
 * @throws RefusedError if some kernel cannot be computed here.
 */
export function compilePlan(
  graph: Graph,
  device: KernelTarget,
  label: string,
  options?: CompileOptions,
): Plan {
  return runSteps(compileSteps(graph, device, label, options));
}

/** As {@link compilePlan}, in pieces of some milliseconds. */
export function* compileSteps(
  graph: Graph,
  device: KernelTarget,
  label: string,
  options: CompileOptions = {},
): Steps<Plan> {
  const { isUnfused = false, anySize = false } = options;
  const target = anySize ? anySizeTarget(device) : device;
  const rewritten = yield* rewriteSteps(graph, target, options);
  yield;
  const tables = fusionTables(target);
  const isAnchor = ({ kernel }: Node): boolean => tables.anchor(kernel) !== undefined;
  splitOversized(graph, isAnchor, target.maxBindingBytes);
  const constantPart = splitConstantPart(graph);
  const prelude = constantPart && {
    plan: yield* planConstants(constantPart.graph, device, `${label} (constants)`, isUnfused),
    results: constantPart.results,
  };
  return yield* planGraph(graph, target, label, isUnfused, rewritten, prelude);
}

/** Rewrites `graph` for a device, as far as its rules go. */
export function simplifyAndRewrite(
  graph: Graph,
  target: KernelTarget,
  options?: CompileOptions,
): RewriteResult {
  return runSteps(rewriteSteps(graph, target, options));
}

function* rewriteSteps(
  graph: Graph,
  target: KernelTarget,
  { isUnfused = false, anySize: _, ...rewriting }: CompileOptions = {},
): Steps<Rewritten> {
  // Equal invocations are one, so that a pattern finds one value where an exporter wrote two.
  mergeCommonSubexpressions(graph);
  removeDeadNodes(graph);
  const forRules = { ...target, partsOf: (node: Node) => partsOf(node, target) };
  const isWatched = rewriting.trace !== undefined || rewriting.limit !== undefined;
  const isRemembered = (target.anySize || remembers.fixedSizes) && !isWatched;
  const structure = isRemembered ? structureOf(graph) : undefined;
  const scripts =
    structure === undefined
      ? undefined
      : scriptsFor(structure, scriptsOf(target, rulesGeneration()));
  const rewritten = isUnfused
    ? NO_REWRITES
    : yield* rewriteGraphSteps(graph, { target: forRules, ...rewriting }, scripts);
  removeDeadNodes(graph);
  return { ...rewritten, structure };
}

/** Plans a constant part, whose sizes never vary, or finds the plan that another plan has of it. */
function planConstants(
  part: Graph,
  target: KernelTarget,
  label: string,
  isUnfused: boolean,
): Steps<Plan> {
  const plan = (): Steps<Plan> => planGraph(part, target, label, isUnfused);
  return isUnfused ? plan() : sharedPrelude(part, target, label, plan);
}

/** Fuses a rewritten graph, generates its kernels and lays out its memory. */
function* planGraph(
  graph: Graph,
  target: KernelTarget,
  label: string,
  isUnfused: boolean,
  rewritten: Rewritten = NO_REWRITES,
  prelude: Plan['prelude'] = null,
): Steps<Plan> {
  const tables = fusionTables(target);
  const unsupported = findUnsupported(graph, tables);
  if (unsupported) throw new RefusedError(unsupported.reason, unsupported.node.origins);
  mergeCommonSubexpressions(graph);
  removeDeadNodes(graph);
  splitWideConcats(graph, target.maxStorageBuffers - 1);
  const { fused, kernels: generated } = yield* generateKernels(
    graph,
    tables,
    target,
    isUnfused ? unfusedConstraints(graph) : undefined,
  );
  yield;
  const dispatches = generated.map(({ label: name, program, structure }) => ({
    ...{ label: name, program, structure },
  }));
  const accesses = dispatches.map(({ program }) => program.bindings);
  const outputs = new Set(graph.outputs);
  const isIntermediate = (value: Value): boolean =>
    value.producer !== undefined && !outputs.has(value);
  const layouts = target.anySize ? FEW_LAYOUTS : undefined;
  const buffers = yield* bufferSteps(accesses, isIntermediate, layouts);
  checkBuffers(buffers, accesses);
  yield;
  const bound = new Set(accesses.flat().map(({ value }) => value));
  const constants = [...bound].filter((value) => value.constant !== undefined);
  const refusals = [...rewritten.refusals, ...fused.refusals.map(refusalRecord)];
  return {
    label,
    inputs: graph.inputs,
    outputs: graph.outputs,
    constants,
    prelude,
    dispatches,
    choices: generated.flatMap(({ choice }) => choice ?? []),
    buffers,
    structure: rewritten.structure,
    record: planRecord({
      ...{ graph, generated, buffers, rewritten: { ...rewritten, refusals } },
      textOfPrelude: prelude?.plan.record.text,
    }),
  };
}

function refusalRecord({ rule, nodes, reason }: Refusal): RefusalRecord {
  return { rule, nodes: nodes.flatMap((node) => node.origins), reason };
}
