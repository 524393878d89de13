/**
 * One model while it is rewritten: divided for the outputs asked for, and again where something was
 * refused.
 */
import { engine, type NamedTensorMap, type Tensor } from '@tensorflow/tfjs-core';
import type { GraphModel } from '@tensorflow/tfjs-converter';
import { LruMap } from '../ir/lru-map';
import type { Steps } from '../ir/steps';
import {
  callRequirements,
  missingWeight,
  tensorsByPlaceholder,
  type CallRequirements,
} from './call';
import type { GraphDef } from './graph-def';
import { ModelCapture, whyStepwise, type CaptureExplanation } from './model-capture';
import type { Executor, ExecutorNode, ModelInternals } from './model-internals';
import { makeExecutor } from './shadow-executor';
import { partitionGraph, type Partition, type Region } from './partition';
import { registerRegion, unregisterRegion } from './region-op';
import { RegionRunner, type RegionResults } from './region-runner';
import { Rewrite } from './active-rewrite';
import { isCounted } from './counted-nodes';
import { REGION_OP, rewriteTopology, standaloneInput, standaloneTopology } from './rewrite';
import type { PlanRuntime } from './runtime';
import { Weights } from './weights';

/** Rewritten graphs kept for one model, one for each set of outputs that was asked for. */
const MAX_REWRITES = 8;

/** Times a model is divided anew because nodes were refused; then it is left to tfjs. */
const MAX_DIVISIONS = 24;

const NO_REGION_OPS =
  "its GraphModel was registered without the registerOp of the same copy of tfjs-converter, and it isn't one region";

/** A call that the rewriter takes over. */
export interface PreparedCall {
  readonly rewrite: Rewrite;
  /** By the name of the placeholder. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Outputs as node references. */
  readonly outputs: readonly string[];
  readonly requirements: CallRequirements;
}

/** Divides one model into regions and runs it, as often as outputs and refusals ask for. */
export class ModelRewriter {
  /** Nodes that stay with tfjs, and why. */
  readonly excluded = new Map<string, string>();
  /** Nodes that wait for counts that their operands have, and why. */
  private readonly waiting = new Map<string, string>();
  /** Whether sizes of inputs are known to vary before other ones have come. */
  sizesVary = false;
  private readonly prototype: GraphModel;
  private readonly model: ModelInternals;
  readonly runtime: PlanRuntime;
  readonly topology: GraphDef;
  private readonly executor: Executor;
  private readonly backend: unknown;
  private readonly weights: Weights;
  private readonly custom: ReadonlySet<string>;
  private readonly rewrites = new LruMap<string, Rewrite>({
    entries: MAX_REWRITES,
    onForget: (rewrite) => this.retire(rewrite),
  });
  private readonly requirements = new Map<string, CallRequirements | undefined>();
  private readonly ids = new Map<RegionRunner, number>();
  private divisions = 0;
  /** Of calls in which tfjs runs what is not in regions. */
  private readonly capture: ModelCapture;
  private hasWarned = false;
  /** Whether tfjs's executor knows the ops of regions. */
  private readonly hasRegionOps: boolean;

  constructor(
    prototype: GraphModel,
    model: ModelInternals,
    topology: GraphDef,
    runtime: PlanRuntime,
    { hasRegionOps = true }: { hasRegionOps?: boolean } = {},
  ) {
    this.hasRegionOps = hasRegionOps;
    this.prototype = prototype;
    this.model = model;
    this.runtime = runtime;
    this.topology = topology;
    this.executor = model.executor;
    this.backend = engine().backend;
    this.capture = new ModelCapture(runtime);
    this.weights = new Weights(model, runtime.hostValues?.bind(runtime));
    const nodes = Object.values(this.executor.graph.nodes);
    this.custom = new Set(
      nodes.filter((node) => node.category === 'custom').map((node) => node.name),
    );
  }

  /** Whether the model was loaded again, a weight or the backend changed, since this was made. */
  get isStale(): boolean {
    return (
      this.model.executor !== this.executor ||
      engine().backend !== this.backend ||
      !this.weights.areCurrent
    );
  }

  /** How many nodes were kept from where they would be. */
  get exclusions(): number {
    return this.excluded.size + this.waiting.size;
  }

  /** Functions of the model, whose bodies are not rewritten. */
  get functions(): readonly string[] {
    return (this.topology.library?.function ?? []).map(({ signature }) => signature.name);
  }

  /** Whether a call may run functions: then an executor of our own runs it, fused or not. */
  private mayRunFunctions({ isDynamic }: CallRequirements): boolean {
    return isDynamic && this.functions.length > 0;
  }

  /** The rewrites in use, the latest last. */
  get current(): readonly Rewrite[] {
    return [...this.rewrites.values()];
  }

  /** Prepares a call; undefined if tfjs should run it. */
  prepare(inputs: NamedTensorMap, outputs: readonly string[]): PreparedCall | undefined {
    if (outputs.length === 0) return undefined;
    const mapped = this.executor.mapOutputs(outputs);
    const key = mapped.join('\n');
    const requirements = this.requirementsOf(key, mapped);
    if (!requirements) return undefined;
    const named = this.executor.mapInputs(inputs);
    const tensors = tensorsByPlaceholder(this.executor, named, requirements);
    if (!tensors) return undefined;
    if (requirements.missing) throw missingWeight(requirements.missing);
    const rewrite = this.rewriteFor(key, mapped);
    if (!rewrite) return undefined;
    if (!rewrite.runners.length && !this.mayRunFunctions(requirements)) return undefined;
    return { rewrite, tensors, outputs: mapped, requirements };
  }

  /** Runs a prepared call of `execute`. */
  execute({ rewrite, tensors, outputs }: PreparedCall): Tensor[] {
    if (rewrite.partition.isWhole) return rewrite.runWhole(tensors, outputs);
    const feeds = rewrite.feeds(tensors);
    const run = (): Tensor[] => rewrite.executor.execute(feeds, outputs);
    return this.capture.call(Object.values(feeds), run, outputs.join('\n'));
  }

  /** Runs a prepared call of `executeAsync`. */
  executeAsync(call: PreparedCall): Promise<Tensor[]> {
    const { rewrite, tensors, outputs, requirements } = call;
    return rewrite.during(async () => {
      const stepwise = this.whyStepwise(rewrite);
      if (stepwise !== undefined) {
        this.capture.leave(stepwise);
        const feeds = rewrite.feeds(tensors);
        const run = (): Promise<Tensor[]> => rewrite.executor.executeAsync(feeds, outputs);
        return this.runtime.together?.(run) ?? run();
      }
      if (!requirements.isDynamic) this.warnOfExecuteAsync();
      return this.execute(call);
    });
  }

  /** What warm calls of a rewrite replay, as of the latest call. */
  explainCapture({ partition }: Rewrite): CaptureExplanation {
    return this.capture.explain(partition.isWhole);
  }

  /**
   * Compiles what a prepared call of `execute` would run, by going through it for the shapes: the
   * results have no particular elements.
   */
  rehearse({ rewrite, tensors, outputs }: PreparedCall): Tensor[] {
    const run = (): Tensor[] => rewrite.executor.execute(rewrite.feeds(tensors), outputs);
    return this.runtime.rehearse?.(run) ?? run();
  }

  /** Compiles what a prepared call of a model that is one region would run. */
  compileWhole({ rewrite, tensors }: PreparedCall): Steps<void> {
    const [runner] = rewrite.runners;
    return runner.prepare(runner.region.inputs.map((ref) => tensors.get(ref) as Tensor));
  }

  /** Disposes of results of the model, but for weights of its own that it gives as they are. */
  free(results: readonly Tensor[]): void {
    const weights = new Set(Object.values(this.executor.weightMap).flat());
    for (const result of results) if (!weights.has(result)) result.dispose();
  }

  dispose(): void {
    this.capture.dispose();
    this.rewrites.clear();
  }

  private requirementsOf(key: string, outputs: readonly string[]): CallRequirements | undefined {
    if (!this.requirements.has(key)) {
      if (this.requirements.size >= MAX_REWRITES) this.requirements.clear();
      this.requirements.set(key, callRequirements(this.executor, outputs));
    }
    return this.requirements.get(key);
  }

  /** What tfjs runs in `executeAsync` only, if a rewrite leaves any of it outside its regions. */
  private whyStepwise({ partition }: Rewrite): string | undefined {
    const { nodes } = this.executor.graph;
    for (const node of [...partition.rest, ...partition.counted]) {
      const original = nodes[node.name] as ExecutorNode | undefined;
      if (!original) continue;
      const reason = whyStepwise(original, original.category);
      if (reason !== undefined) return reason;
    }
    return undefined;
  }

  /** As tfjs does, but not for each call: it costs more than a warm one. */
  private warnOfExecuteAsync(): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    console.warn(
      '[webgpu-fused] executeAsync: got a model without control flow or outputs of dynamic shape; ' +
        'needs no promise. model.execute() does the same.',
    );
  }

  private rewriteFor(key: string, outputs: readonly string[]): Rewrite | undefined {
    const known = this.rewrites.get(key);
    if (known && known.exclusions === this.exclusions) return known;
    if (known && ++this.divisions > MAX_DIVISIONS) {
      this.rewrites.set(key, this.emptyRewrite(known.partition));
      return undefined;
    }
    let rewrite = this.divide(outputs, known);
    if (!this.hasRegionOps && !rewrite.partition.isWhole && rewrite.runners.length > 0) {
      this.leaveAll();
      rewrite = this.divide(outputs, known);
    }
    // The new one may go on using runners of the old one.
    this.rewrites.delete(key);
    this.rewrites.set(key, rewrite);
    if (known) this.retire(known, new Set(rewrite.runners));
    return rewrite;
  }

  /** Leaves a model to tfjs whose executor could not run regions, and says so. */
  private leaveAll(): void {
    for (const { name } of this.topology.node) this.excluded.set(name, NO_REGION_OPS);
    console.warn(
      '[webgpu-fused] graph models: got a GraphModel of another copy of tfjs-converter without its ' +
        'registerOp; needs it for models of several regions, and tfjs runs this one op by op. Call ' +
        'register({ GraphModel, registerOp }) with both of the same copy.',
    );
  }

  /** Everything with tfjs, until the model is loaded again. */
  private emptyRewrite(partition: Partition): Rewrite {
    const parts = { runners: [], milliseconds: 0, exclusions: this.exclusions };
    const nothing = { ...partition, regions: [], isWhole: false };
    return new Rewrite({ ...parts, partition: nothing }, () =>
      makeExecutor(this.prototype, this.model, this.topology, []),
    );
  }

  private divide(outputs: readonly string[], previous: Rewrite | undefined): Rewrite {
    const start = performance.now();
    const { topology } = this;
    const partition = this.partition(outputs);
    const { exclusions } = this;
    const reusable = new Map(previous?.runners.map((runner) => [regionKey(runner.region), runner]));
    const runners = partition.regions.map(
      (region) => reusable.get(regionKey(region)) ?? this.makeRunner(region),
    );
    const ids = runners.map((runner) => this.idOf(runner));
    const milliseconds = performance.now() - start;
    return new Rewrite({ partition, runners, milliseconds, exclusions }, () => {
      const rewritten = rewriteTopology(topology, partition, ids, outputs);
      const constants = partition.rest.filter((node) => node.op === 'Const');
      return makeExecutor(
        this.prototype,
        this.model,
        rewritten,
        constants.map((node) => node.name),
      );
    });
  }

  private partition(outputs: readonly string[]): Partition {
    const { excluded, waiting, custom, topology } = this;
    return partitionGraph({ nodes: topology.node, outputs, excluded, waiting, custom });
  }

  private makeRunner(region: Region): RegionRunner {
    let executor: Executor | undefined;
    const waits = region.nodes.some(isCounted);
    const runStock = (inputs: readonly Tensor[]): RegionResults => {
      executor ??= makeExecutor(
        this.prototype,
        this.model,
        standaloneTopology(this.topology, region),
        region.constants,
      );
      const named = Object.fromEntries(inputs.map((tensor, at) => [standaloneInput(at), tensor]));
      return waits
        ? executor.executeAsync(named, region.outputs)
        : executor.execute(named, region.outputs);
    };
    const exclude = (nodes: readonly string[], reason: string): void => {
      for (const name of nodes) this.excluded.set(name, reason);
    };
    const wait = (nodes: readonly string[], reason: string): void => {
      const again = nodes.filter((name) => this.waiting.has(name));
      exclude(again, reason);
      for (const name of nodes) this.waiting.set(name, reason);
    };
    return new RegionRunner(region, {
      runtime: this.runtime,
      weights: this.weights,
      sizesVary: () => this.sizesVary,
      exclude,
      wait,
      runStock,
    });
  }

  private idOf(runner: RegionRunner): number {
    const known = this.ids.get(runner);
    if (known !== undefined) return known;
    const id = registerRegion(runner);
    this.ids.set(runner, id);
    return id;
  }

  private retire(rewrite: Rewrite, kept: ReadonlySet<RegionRunner> = new Set()): void {
    rewrite.retire(() => {
      for (const runner of rewrite.runners) {
        const id = this.ids.get(runner);
        if (kept.has(runner) || id === undefined) continue;
        unregisterRegion(id);
        this.ids.delete(runner);
        runner.dispose();
      }
    });
  }
}

function regionKey({ nodes, inputs, outputs }: Region): string {
  const names = nodes.map((node) => node.name).join('\n');
  return [names, inputs.join('\n'), outputs.join('\n')].join('\n\n');
}

/** Whether a graph already uses the op of regions, as one that was rewritten and saved would. */
export function usesRegionOp(topology: GraphDef): boolean {
  return topology.node.some((node) => node.op === REGION_OP);
}
