/** What was fused in a model, what was not, and why, as plain data. */
import type { GraphModel } from '@tensorflow/tfjs-converter';
import { sizeOf, type ValueSpec } from '../ir/graph';
import type { PlanRecord } from '../report/record';
import { parseInput, refKey, type NodeDef } from './graph-def';
import { joinExplanations, type CompilationExplanation } from './compilation-log';
import { hookOf } from './hook';
import type { Rewrite } from './active-rewrite';
import type { CaptureExplanation } from './model-capture';
import type { ModelRewriter } from './model-rewriter';
import { ON_HOST } from './steering';
import { stockDispatches } from './stock-cost';

/** What became of one node of a model. */
export interface NodeFate {
  readonly name: string;
  readonly op: string;
  /** `folded`: known once shapes are, or nothing but another view; it costs no dispatch. */
  readonly fate: 'fused' | 'folded' | 'stock';
  /** Label of the kernel that computes it. */
  readonly into?: string;
  /** Kernel family that it joined. */
  readonly rule?: string;
  /** Why tfjs runs it. */
  readonly reason?: string;
  /** Values it is computed of, by reference: `name` for output 0 of a node, `name:k` for others. */
  readonly inputs: readonly string[];
  /** Of its first output, where it is known. */
  readonly shape?: readonly number[];
  readonly dtype?: string;
  /** What stock `webgpu` would spend on it, an estimate. */
  readonly stock: StockCost;
}

/** Kernels that are launched, and bytes that they read and write, each operand once. */
export interface StockCost {
  readonly dispatches: number;
  readonly bytes: number;
}

/** Plain data: what was fused in a model, what was not, and why. */
export interface ModelExplanation {
  readonly model: string;
  readonly nodes: readonly NodeFate[];
  /** `before` is an estimate: kernels that stock `webgpu` would launch for the same nodes. */
  readonly dispatches: { readonly before: number; readonly after: number };
  /** Bytes that kernels read and write, each operand once; `before` is an estimate as well. */
  readonly bytes: { readonly before: number; readonly after: number };
  /** Time that dividing the graph took; compiling comes on top. */
  readonly rewriteMs: number;
  readonly regions: readonly RegionExplanation[];
  /** What warm calls replay; what is kept for that, each region's plan tells. */
  readonly capture: CaptureExplanation;
  /** What compiling took so far, and for each new shape of the inputs what was new, and why. */
  readonly compilation: CompilationExplanation;
  /** Fusions that were considered and not made, and nodes left to tfjs. */
  readonly refused: readonly RefusalExplanation[];
}

/** One region of a model. */
export interface RegionExplanation {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: number;
  /** Absent until the region has run, and where everything was known while compiling. */
  readonly plan?: PlanRecord;
}

/** Why something was not fused. */
export interface RefusalExplanation {
  readonly nodes: readonly string[];
  readonly rule: string;
  readonly reason: string;
}

/**
 * Says what was fused in a graph model and what was not, for the outputs asked for last. Regions
 * are compiled when the model first runs (or by `optimize`); until then their nodes count as
 * stock's.
 *
 * @throws Error if the model is not rewritten: on another backend, switched off, or not a model
 *   of this copy of tfjs.
 */
export function explain(model: GraphModel): ModelExplanation {
  const rewriter = requireRewriter(model, 'explain');
  const rewrite = rewriter.current.at(-1);
  if (!rewrite) {
    throw new Error(
      '[webgpu-fused] explain: got a model that has not run on this backend; needs one run. ' +
        'Call it once, or optimize(model).',
    );
  }
  return describe(rewriter, rewrite, nameOf(model));
}

/** The rewriter of a model, or an error that says why there is none. */
export function requireRewriter(model: GraphModel, what: string): ModelRewriter {
  const given = model as Partial<GraphModel> | null | undefined;
  if (typeof given !== 'object' || given === null || typeof given.execute !== 'function') {
    throw notRewritten(what, ...describeOther(model));
  }
  const hook = hookOf(given);
  if (!hook) {
    throw notRewritten(
      what,
      'a model of a GraphModel that is not registered, as of another copy of tfjs in the page',
      'one that is',
      'Call register({ GraphModel: model.constructor, registerOp }), with the registerOp of that copy.',
    );
  }
  const rewriter = hook.rewriterOf(model);
  if (rewriter) return rewriter;
  throw notRewritten(
    what,
    `a model that is not rewritten, because ${hook.whyNot(model)}`,
    'a graph model on the backend webgpu-fused, with WEBGPU_FUSED_REWRITE on',
    "Call await tf.setBackend('webgpu-fused') first.",
  );
}

function notRewritten(what: string, got: string, needs: string, cure: string): Error {
  return new Error(`[webgpu-fused] ${what}: got ${got}; needs ${needs}. ${cure}`);
}

/** What was given instead of a graph model, what is needed, and what to do. */
function describeOther(model: unknown): [string, string, string] {
  if (typeof model === 'object' && model !== null && 'layers' in model) {
    return [
      'a layers model',
      'a graph model',
      'Layers models are fused while they run: see lastTrace() for what, and capture() to replay them.',
    ];
  }
  const got =
    typeof model === 'object' && model !== null
      ? model instanceof Promise
        ? 'a promise'
        : 'an object that is no model'
      : String(model);
  return [got, 'a graph model', 'Pass what await tf.loadGraphModel(url) gives.'];
}

/** Where a model came from, if that has a name. */
function nameOf(model: GraphModel): string {
  const { modelUrl } = model as unknown as { modelUrl: unknown };
  return typeof modelUrl === 'string' ? modelUrl : 'graph model';
}

function describe(rewriter: ModelRewriter, rewrite: Rewrite, model: string): ModelExplanation {
  const nodes = new Map<string, NodeFate>();
  const specs = new Map<string, ValueSpec>();
  const refused: RefusalExplanation[] = [];
  const totals = { dispatches: { before: 0, after: 0 }, bytes: { before: 0, after: 0 } };
  for (const { latest } of rewrite.runners) {
    for (const [ref, spec] of latest?.specs ?? []) specs.set(ref, spec);
  }
  const add = (node: NodeDef, fate: Pick<NodeFate, 'fate' | 'into' | 'rule' | 'reason'>): void => {
    if (nodes.has(node.name)) return;
    const cost = stockCost(node, specs);
    const { shape, dtype } = specs.get(node.name) ?? {};
    const inputs = (node.input ?? []).map(parseInput).filter(({ control }) => !control);
    nodes.set(node.name, {
      name: node.name,
      op: node.op,
      ...fate,
      inputs: inputs.map(({ key }) => key),
      ...(shape ? { shape, dtype } : {}),
      stock: cost,
    });
    totals.dispatches.before += cost.dispatches;
    totals.bytes.before += cost.bytes;
    if (fate.fate !== 'stock' || fate.reason === ON_HOST) return;
    totals.dispatches.after += cost.dispatches;
    totals.bytes.after += cost.bytes;
  };
  for (const { region, latest, isOnHost } of rewrite.runners) {
    const record = latest?.plan?.record;
    const kernels = new Map(
      record?.kernels.flatMap((kernel) => kernel.origins.map((origin) => [origin, kernel])),
    );
    totals.dispatches.after += record?.dispatches ?? 0;
    totals.bytes.after += record?.bytes ?? 0;
    refused.push(...(record?.refused ?? []));
    for (const node of region.nodes) {
      const kernel = kernels.get(node.name);
      if (isOnHost) add(node, { fate: 'stock', reason: ON_HOST });
      else if (!latest) add(node, { fate: 'stock', reason: 'not compiled yet' });
      else if (kernel) add(node, { fate: 'fused', into: kernel.label, rule: kernel.family });
      else add(node, { fate: 'folded' });
    }
  }
  for (const node of rewrite.partition.rest) {
    if (node.op === 'Const' || node.op === 'Placeholder') continue;
    const reason = rewrite.partition.reasons.get(node.name);
    add(node, { fate: 'stock', reason });
    if (reason) refused.push({ nodes: [node.name], rule: 'region', reason });
  }
  for (const name of rewriter.functions) {
    refused.push({ nodes: [name], rule: 'region', reason: 'bodies of functions stay with tfjs' });
  }
  return {
    model,
    nodes: [...nodes.values()],
    ...totals,
    rewriteMs: rewrite.milliseconds,
    regions: rewrite.runners.map(({ region, latest }) => ({
      inputs: region.inputs,
      outputs: region.outputs,
      nodes: region.nodes.length,
      plan: latest?.plan?.record,
    })),
    capture: rewriter.explainCapture(rewrite),
    compilation: joinExplanations(
      rewrite.runners.map(({ compilation }) => compilation.explanation),
    ),
    refused,
  };
}

/** Dispatches and bytes that stock would spend on a node, as far as shapes are known. */
function stockCost(node: NodeDef, specs: ReadonlyMap<string, ValueSpec>): StockCost {
  const outputs: ValueSpec[] = [];
  for (let index = 0; ; index++) {
    const spec = specs.get(refKey(node.name, index));
    if (!spec) break;
    outputs.push(spec);
  }
  const dispatches = stockDispatches(node.op, Math.max(1, outputs.length));
  if (dispatches === 0) return { dispatches, bytes: 0 };
  const inputs = (node.input ?? []).map((input) => specs.get(parseInput(input).key));
  const elements = [...inputs, ...outputs].map((spec) => (spec ? sizeOf(spec.shape) : 0));
  return { dispatches, bytes: 4 * elements.reduce((sum, size) => sum + size, 0) };
}
