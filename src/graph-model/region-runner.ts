/** Runs one region: a plan for each signature of its inputs, and tfjs where none can be made. */
import {
  clone,
  engine,
  reshape,
  tensor as makeTensor,
  type NamedAttrMap,
  type Tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { frameKey } from '../ir/frame';
import { isIntegral, type DType, type Value, type ValueSpec } from '../ir/graph';
import { RefusedError } from '../ir/infer/refused';
import { LruMap } from '../ir/lru-map';
import { runSteps, timedSteps, type Steps } from '../ir/steps';
import {
  importRegion,
  type Feed,
  type OutputSource,
  type ImportRefusal,
} from './import/import-region';
import { CompilationLog } from './compilation-log';
import { cutToCounts } from './counted-nodes';
import type { Region } from './partition';
import type { CompiledPlan, PlanRuntime } from './runtime';
import { isSteering } from './steering';
import { irType, type Weights } from './weights';

/** Name of the kernel that runs a plan, so that tfjs's engine accounts for it as for any other. */
export const PLAN_KERNEL = 'WebGPUFusedRegion';

/** Plans kept for one region, one for each signature of its inputs, and the bytes that they hold. */
const MAX_PLANS = 32;
const MAX_BYTES = 512 * 2 ** 20;

/** Plans made in vain, for elements of inputs that never come again, before a region goes back to tfjs. */
const MAX_MISSES = 24;

/** Shapes remembered, of which most had a plan only once. */
const MAX_SHAPES = 256;

/** Inputs whose elements steer shapes become part of the signature; they must be few. */
const MAX_HOST_ELEMENTS = 256;

/** Attributes of that kernel. */
export interface PlanCall {
  readonly runtime: PlanRuntime;
  readonly plan: CompiledPlan;
}

/** What a region does for one signature of its inputs. */
interface Specialization {
  /** Absent where everything was known while compiling. */
  readonly plan?: CompiledPlan;
  /** Inputs of the region, by position, that are inputs of the plan. */
  readonly planInputs: readonly number[];
  readonly outputs: readonly OutputSource[];
  readonly hasCounts: boolean;
  readonly specs: ReadonlyMap<string, ValueSpec>;
}

/** RegionResults, or what waits for their counts. */
export type RegionResults = Tensor[] | Promise<Tensor[]>;

/** Model nodes that are to stay with tfjs from now on. */
export type Exclude = (nodes: readonly string[], reason: string) => void;

/** What a runner needs of its surroundings. */
export interface RegionContext {
  readonly runtime: PlanRuntime;
  readonly weights: Weights;
  readonly exclude: Exclude;
  /** Nodes that are to wait for the counts that their operands have. */
  readonly wait: (nodes: readonly string[], reason: string) => void;
  /** Whether sizes are known to vary before other ones have come. */
  readonly sizesVary: () => boolean;
  /** Runs the region's own nodes with tfjs. */
  readonly runStock: (inputs: readonly Tensor[]) => RegionResults;
}

/** Runs one region: compiles it for the shapes that arrive, and keeps the plans. */
export class RegionRunner {
  readonly region: Region;
  /** What was compiled, and why. */
  readonly compilation = new CompilationLog();
  private readonly context: RegionContext;
  readonly specializations = new LruMap<string, Specialization | 'stock'>({
    entries: MAX_PLANS,
    weight: MAX_BYTES,
    weightOf: (found) => (found === 'stock' ? 0 : (found.plan?.bytes ?? 0)),
    onForget: (found) => this.release(found),
  });
  /** Inputs whose elements are needed while compiling. */
  private readonly hostInputs = new Set<string>();
  /** Shapes that came; not all have a plan still. */
  private readonly shapes = new LruMap<string, true>({ entries: MAX_SHAPES });
  /** Calls for which there was a plan, and those whose elements alone were new. */
  private hits = 0;
  private misses = 0;
  private isDisposed = false;
  /** Whether the latest call was left to the host; see `steering.ts`. */
  isOnHost = false;
  private readonly isSteering: boolean;

  constructor(region: Region, context: RegionContext) {
    this.region = region;
    this.context = context;
    this.isSteering = isSteering(region, (name) => context.weights.feed(name)?.dtype);
  }

  /** The specialization used last; what reports describe. */
  get latest(): Specialization | undefined {
    const { latest } = this.specializations;
    return latest === 'stock' ? undefined : latest;
  }

  /** Runs on tensors in the order of `region.inputs`; answers in the order of `region.outputs`. */
  run(inputs: readonly Tensor[]): RegionResults {
    this.isOnHost = this.staysOnHost(inputs);
    if (this.isOnHost) return this.context.runStock(inputs);
    const found = this.find(inputs);
    if (found === 'stock') return this.context.runStock(inputs);
    if (found.plan?.failure) {
      const { nodes, reason } = found.plan.failure;
      if (nodes.length > 0) this.context.exclude(nodes, reason);
      else this.exclude(reason);
      return this.context.runStock(inputs);
    }
    const computed = this.context.runtime.standIn?.(() => this.context.runStock(inputs));
    return computed ?? this.collect(found, inputs);
  }

  /** Compiles for these inputs, if that has not happened yet, in pieces of some milliseconds. */
  *prepare(inputs: readonly TensorInfo[]): Steps<void> {
    if (this.staysOnHost(inputs)) return;
    if (!this.specializations.get(this.signature(inputs))) yield* this.compileFor(inputs);
  }

  private staysOnHost(inputs: readonly TensorInfo[]): boolean {
    if (!this.isSteering || !inputs.every(isIntegral)) return false;
    return this.context.runtime.areOnHost?.(inputs) ?? false;
  }

  dispose(): void {
    this.isDisposed = true;
    this.specializations.clear();
  }

  private release(found: Specialization | 'stock'): void {
    if (found !== 'stock' && found.plan) this.context.runtime.dispose(found.plan);
  }

  private find(inputs: readonly TensorInfo[]): Specialization | 'stock' {
    const known = this.specializations.get(this.signature(inputs));
    if (known) {
      this.hits++;
      return known;
    }
    return runSteps(this.compileFor(inputs));
  }

  private *compileFor(inputs: readonly TensorInfo[]): Steps<Specialization | 'stock'> {
    const shapes = inputs.map(({ shape }) => shape.join(',')).join(';');
    if (this.shapes.get(shapes)) this.misses++;
    this.shapes.set(shapes, true);
    const { result: found, milliseconds } = yield* timedSteps(this.specialize(inputs));
    const plan = found === 'stock' ? undefined : found.plan;
    this.compilation.note(
      inputs.map(({ shape }) => shape),
      plan,
      milliseconds - (plan?.preparingMs ?? 0),
    );
    if (this.isDisposed) {
      // Between two pieces.
      this.release(found);
      return 'stock';
    }
    // Compiling may have found out that elements matter.
    this.specializations.set(this.signature(inputs), found);
    if (this.misses > MAX_MISSES && this.hits < this.misses) {
      this.exclude('elements of its inputs that steer shapes keep changing');
    }
    return found;
  }

  private exclude(reason: string): void {
    this.context.exclude(
      this.region.nodes.map((node) => node.name),
      reason,
    );
  }

  private signature(inputs: readonly TensorInfo[]): string {
    let key = '';
    inputs.forEach((input, at) => {
      key += `${input.dtype}/${this.storedAs(input)}:${input.shape.join(',')};`;
      key += frameKey(this.context.runtime.frameOf?.(input));
      if (this.hostInputs.has(this.region.inputs[at])) key += `${this.elements(input)?.join(',')};`;
    });
    return key;
  }

  private storedAs(input: TensorInfo): DType | undefined {
    return irType(this.context.runtime.storedType?.(input) ?? input.dtype);
  }

  private elements(input: TensorInfo) {
    const size = input.shape.reduce((product, dim) => product * dim, 1);
    return size > MAX_HOST_ELEMENTS ? undefined : this.context.runtime.hostValues?.(input);
  }

  private *specialize(inputs: readonly TensorInfo[]): Steps<Specialization | 'stock'> {
    const imported = this.import(inputs);
    if ('refusals' in imported) {
      for (const { node, reason, waits } of imported.refusals) {
        if (node !== undefined) this.context[waits ? 'wait' : 'exclude']([node], reason);
      }
      return 'stock';
    }
    const { graph, outputs, hasCounts, specs } = imported;
    const planInputs = graph.inputs.map(({ name }) => this.region.inputs.indexOf(name));
    if (graph.outputs.length === 0) return { planInputs, outputs, hasCounts, specs };
    try {
      const anySize = this.specializations.size > 0 || this.context.sizesVary();
      yield;
      const { runtime } = this.context;
      const plan = runtime.compileSteps
        ? yield* runtime.compileSteps(graph, this.label(), anySize)
        : runtime.compile(graph, this.label(), anySize);
      return { plan, planInputs, outputs, hasCounts, specs };
    } catch (error) {
      this.refusePlan(error);
      return 'stock';
    }
  }

  private label(): string {
    const { nodes } = this.region;
    return `${nodes[0].name}…${nodes[nodes.length - 1].name}`;
  }

  /** A compiler that fails costs speed, never an answer: the nodes stay with tfjs. */
  private refusePlan(error: unknown): void {
    if (!(error instanceof RefusedError)) {
      console.warn(
        `[webgpu-fused] compiling ${this.label()} failed; tfjs runs these nodes instead. ` +
          `Please report this: ${error instanceof Error ? error.stack : String(error)}`,
      );
      this.exclude('compiling failed');
    } else if (error.nodes.length === 0) {
      this.exclude(error.reason);
    } else {
      this.context.exclude(error.nodes, error.reason);
    }
  }

  private import(inputs: readonly TensorInfo[]): ReturnType<typeof importRegion> {
    for (;;) {
      const imported = importRegion(this.region.nodes, this.feeds(inputs), this.region.outputs);
      if (!('refusals' in imported) || !this.learnHostInputs(imported.refusals, inputs)) {
        return imported;
      }
    }
  }

  /** Takes note of inputs whose elements would help and are at hand; whether there were any. */
  private learnHostInputs(
    refusals: readonly ImportRefusal[],
    inputs: readonly TensorInfo[],
  ): boolean {
    let learned = false;
    for (const ref of refusals.flatMap(({ needsHost }) => needsHost)) {
      const at = this.region.inputs.indexOf(ref);
      if (at < 0 || this.hostInputs.has(ref) || !this.elements(inputs[at])) continue;
      this.hostInputs.add(ref);
      learned = true;
    }
    return learned;
  }

  private feeds(inputs: readonly TensorInfo[]): Map<string, Feed> {
    const feeds = new Map<string, Feed>();
    for (const name of this.region.constants) {
      const feed = this.context.weights.feed(name);
      if (feed) feeds.set(name, feed);
    }
    this.region.inputs.forEach((ref, at) => {
      const { shape, dtype } = inputs[at];
      const type = irType(dtype);
      if (!type) return;
      const host = this.hostInputs.has(ref) ? this.elements(inputs[at])?.slice() : undefined;
      const constant = host && { host };
      const storedAs = this.storedAs(inputs[at]);
      const frame = this.context.runtime.frameOf?.(inputs[at]);
      feeds.set(ref, { shape, dtype: type, name: ref, constant, storedAs, frame });
    });
    return feeds;
  }

  private collect(found: Specialization, inputs: readonly Tensor[]): RegionResults {
    const computed = found.plan ? this.runPlan(found.plan, found.planInputs, inputs) : [];
    const given = new Set<number>();
    const results = found.outputs.map((source) => {
      if (source.kind === 'constant') return constantTensor(source.value);
      if (source.kind === 'feed') return clone(this.fed(source.ref, inputs));
      const tensor = computed[source.index];
      if (given.has(source.index)) return clone(tensor);
      given.add(source.index);
      return tensor;
    });
    return found.hasCounts
      ? cutToCounts(results, found.outputs, computed[computed.length - 1])
      : results;
  }

  private fed(ref: string, inputs: readonly Tensor[]): Tensor {
    const at = this.region.inputs.indexOf(ref);
    return at >= 0 ? inputs[at] : (this.context.weights.feed(ref)?.constant?.handle as Tensor);
  }

  private runPlan(
    plan: CompiledPlan,
    planInputs: readonly number[],
    inputs: readonly Tensor[],
  ): Tensor[] {
    const named = Object.fromEntries(planInputs.map((from, at) => [at, inputs[from]]));
    const attrs: PlanCall = { runtime: this.context.runtime, plan };
    return engine().runKernel<Tensor[]>(PLAN_KERNEL, named, attrs as unknown as NamedAttrMap);
  }
}

function constantTensor({ constant, shape, dtype }: Value): Tensor {
  if (constant?.host) return makeTensor(constant.host.slice(), [...shape], dtype);
  return reshape(constant?.handle as Tensor, [...shape]);
}
