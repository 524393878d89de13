/** A model's plans from one visit, or one machine of the same kind, to another. */
import { engine } from '@tensorflow/tfjs-core';
import type { GraphModel } from '@tensorflow/tfjs-converter';
import { BACKEND_NAME, WebGPUFusedBackend } from '../backend/backend';
import type { ReadyPlan } from '../backend/graph-runtime';
import type { Plan } from '../compiler/plan';
import type { KernelTarget } from '../fused-kernels/kernel';
import { requireRewriter } from '../graph-model/explain';
import type { ModelRewriter } from '../graph-model/model-rewriter';
import { version } from '../host/version';
import { allRules } from '../registry/rules';
import { packPlans, unpackPlans } from './pack';
import { digestOf, FORMAT, parsePlan, type PlanJson } from './plan-json';

/** What {@link importPlan} took over. */
export interface ImportedPlan {
  /** Kernels whose text need not be written. */
  readonly programs: number;
  /** Graphs whose rewriting need not be searched for. */
  readonly rewritings: number;
}

/**
 * What was decided and written for a graph model so far, as plain data: the texts of its shaders and the steps of its
 * rewriting, for all shapes that it has run on or was warmed up for. Numbers of its graph, such as an epsilon or the
 * indices of a gather, are in the texts; nothing else of its weights is, and nothing of its inputs.
 *
 * @throws Error if the model is not rewritten (see `explain`) or has no plan yet.
 */
export async function exportPlan(model: GraphModel): Promise<PlanJson> {
  const rewriter = requireRewriter(model, 'exportPlan');
  const { target, tuning } = backendFor('exportPlan');
  const plans = plansOf(rewriter);
  if (plans.length === 0) {
    throw new Error(
      '[webgpu-fused] exportPlan: got a model without a plan; needs one that has run on this backend. ' +
        'Call it once, or await warmup(model).',
    );
  }
  const packed = packPlans(plans, target);
  const asked = packed.programs.flatMap(({ choices }) => choices.map(({ choice }) => choice));
  const measured = new Set(asked.flatMap((choice) => tuning.find(choice) ?? []));
  const plan = {
    ...({ format: FORMAT, version, adapter: tuning.adapter, target: factsOf(target) } as const),
    model: await digestOf(rewriter.topology),
    rules: allRules().map(({ name }) => name),
    ...packed,
    tuning: [...measured],
  };
  // As it will be read: what JSON leaves out is not in the checksum.
  const said = JSON.parse(JSON.stringify(plan)) as typeof plan;
  return { ...said, checksum: await digestOf(said) };
}

/**
 * Takes over what {@link exportPlan} gave: where the model is compiled for shapes that it was exported with, no rule is
 * searched for and no text is written, and its plans are the same as there. Every step of a rewriting is still checked
 * by its rule. Call it before the model runs.
 *
 * @throws Error if it is no such export, or of another model, adapter, version or set of rules; then nothing of it is
 *   taken, and the model compiles as ever. If the model is not rewritten (see `explain`).
 */
export async function importPlan(
  model: GraphModel,
  json: PlanJson | string,
): Promise<ImportedPlan> {
  const { topology } = requireRewriter(model, 'importPlan');
  const { target, tuning } = backendFor('importPlan');
  const plan = await parsePlan(json, 'importPlan');
  const refuse = (what: string, got: string, needs: string): never => {
    throw new Error(
      `[webgpu-fused] importPlan: got a plan for ${what} '${got}'; needs '${needs}'. ` +
        'The model compiles without it; export it anew here.',
    );
  };
  if (plan.version !== version) refuse('version', plan.version, version);
  if (plan.adapter !== tuning.adapter) refuse('adapter', plan.adapter, tuning.adapter);
  for (const [name, value] of Object.entries(factsOf(target))) {
    const [got, needs] = [plan.target[name], value].map((fact) => JSON.stringify(fact));
    if (got !== needs) refuse(`a device whose ${name} is`, got, needs);
  }
  const rules = allRules().map(({ name }) => name);
  if (String(plan.rules) !== String(rules)) {
    const [got, needs] = [plan.rules, rules].map((names) => `${names.length}`);
    refuse('other rules, in number', got, needs);
  }
  const digest = await digestOf(topology);
  if (plan.model !== digest) refuse('the model', plan.model, digest);
  for (const choice of plan.tuning) tuning.add(choice);
  unpackPlans(plan, target);
  return { programs: plan.programs.length, rewritings: plan.rewritings.length };
}

/** The plans that a model has, for whatever outputs and inputs. */
function plansOf({ current }: ModelRewriter): Plan[] {
  const found = current
    .flatMap(({ runners }) => runners)
    .flatMap(({ specializations }) => [...specializations.values()]);
  return found.flatMap((one) =>
    one === 'stock' || !one.plan ? [] : (one.plan as ReadyPlan).executor.plan,
  );
}

/** What of a target is data. */
function factsOf(target: KernelTarget): Record<string, unknown> {
  const facts = Object.entries(target).filter(([, value]) => typeof value !== 'function');
  return JSON.parse(JSON.stringify(Object.fromEntries(facts))) as Record<string, unknown>;
}

function backendFor(what: string): WebGPUFusedBackend {
  const { backend, backendName } = engine();
  if (backend instanceof WebGPUFusedBackend) return backend;
  throw new Error(
    `[webgpu-fused] ${what}: got the backend '${backendName}'; needs '${BACKEND_NAME}', whose plans ` +
      `these are. Call await tf.setBackend('${BACKEND_NAME}') before.`,
  );
}
