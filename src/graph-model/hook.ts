/**
 * The patch of `GraphModel.prototype`: calls on this backend go to a rewriter of the model, others to
 * tfjs.
 */
import { GraphModel, registerOp, version_converter } from '@tensorflow/tfjs-converter';
import {
  engine,
  env,
  getBackend,
  getKernel,
  registerKernel,
  type NamedTensorMap,
  type Tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { NodeDef } from './graph-def';
import { InvalidModelError } from './invalid-model';
import { internalsOf, isKnownConverter, type ModelInternals } from './model-internals';
import { ModelRewriter, usesRegionOp } from './model-rewriter';
import { registerRegionOps } from './region-op';
import { PLAN_KERNEL, type PlanCall } from './region-runner';
import type { PlanRuntime } from './runtime';

type Inputs = Tensor | Tensor[] | NamedTensorMap;
type Outputs = string | string[];

/** What the hook needs to take over graph models. */
export interface GraphModelHookOptions {
  /** The backend on which graph models are rewritten; on others they run as ever. */
  readonly backendName: string;
  readonly runtime: PlanRuntime;
  /** Whether rewriting is switched on; asked at each call. */
  readonly isEnabled: () => boolean;
  /** Whether tfjs's engine knows a tensor; not one of another realm. */
  readonly isKnown?: (tensor: TensorInfo) => boolean;
}

/** One copy of tfjs-converter: there may be several in a page, each with a `GraphModel` of its own. */
export interface Converter {
  readonly GraphModel: { readonly prototype: object };
  /** Without it, models that are more than one region stay with tfjs. */
  readonly registerOp?: typeof registerOp;
  readonly version?: string;
}

/** The copy that this package imports. */
const ownConverter: Converter = { GraphModel, registerOp, version: version_converter };

/** The hook in place. */
export interface GraphModelHook {
  /**
   * The rewriter of a model, made at first use; undefined where tfjs runs the model: another
   * backend, switched off, or a model that cannot be rewritten.
   */
  rewriterOf(model: GraphModel): ModelRewriter | undefined;
  /** Why no model is rewritten now, or `model`; null if there is no reason. */
  whyNot(model?: GraphModel): string | null;
  /** Forgets what is known of a model: its next call compiles it anew. */
  forget(model: GraphModel): void;
  /** Rewrites on a backend of another name as well. */
  addBackend(name: string): void;
  /** Takes the hook out again, and frees what it made. Rewriting stops; models run as ever. */
  remove(): void;
}

/** Marks a patched prototype, also for another copy of this package. */
const MARK = Symbol.for('tfjs-backend-webgpu-fused.hook');

/**
 * Makes graph models run fused on a backend: patches `execute`, `executeAsync` and `dispose` of
 * `GraphModel.prototype`, which all ways of loading share. Models loaded before are included,
 * and a model is looked at only when it first runs. Patching twice changes nothing: the first
 * hook is returned. With a tfjs that the hook does not know, it warns and changes nothing.
 */
export function installGraphModelHook(
  options: GraphModelHookOptions,
  converter: Converter = ownConverter,
): GraphModelHook {
  const prototype = converter.GraphModel.prototype as GraphModel;
  const known = hookOf(prototype);
  if (known) return known;
  const { version } = converter;
  if (!isKnownConverter(version, prototype)) {
    console.warn(
      `[webgpu-fused] graph models: got tfjs-converter ${version ?? 'of an unknown version'}; needs ` +
        `one from 4.11 to 4.22. They run unfused; install such a version of @tensorflow/tfjs.`,
    );
    return {
      rewriterOf: () => undefined,
      whyNot: () => 'its tfjs-converter is not of version 4',
      forget: () => undefined,
      addBackend: () => undefined,
      remove: () => undefined,
    };
  }
  if (converter.registerOp) registerRegionOps(converter.registerOp);
  registerPlanKernel(options.backendName);
  const hook = patch(
    prototype,
    new Rewriters(prototype, options, converter.registerOp !== undefined),
  );
  Object.defineProperty(prototype, MARK, { value: hook, configurable: true });
  return hook;
}

/** The hook of a model's class; undefined if that is not patched, or no class of models. */
export function hookOf(model: object): GraphModelHook | undefined {
  return (model as { [MARK]?: GraphModelHook })[MARK];
}

/** A kernel that runs a plan: tfjs's engine counts, profiles and scopes it as any other. */
function registerPlanKernel(backendName: string): void {
  if (getKernel(PLAN_KERNEL, backendName)) return;
  registerKernel({
    kernelName: PLAN_KERNEL,
    backendName,
    kernelFunc: ({ inputs, attrs }) => {
      const { runtime, plan } = attrs as unknown as PlanCall;
      return runtime.run(plan, Object.values(inputs) as TensorInfo[]);
    },
  });
}

/** The rewriters of all models; it keeps no model alive. */
class Rewriters {
  /** Or why a model is left to tfjs. */
  private known = new WeakMap<GraphModel, ModelRewriter | string>();
  private made: WeakRef<ModelRewriter>[] = [];
  private readonly prototype: GraphModel;
  private readonly options: GraphModelHookOptions;
  private readonly backendNames: Set<string>;
  private readonly hasRegionOps: boolean;

  constructor(prototype: GraphModel, options: GraphModelHookOptions, hasRegionOps: boolean) {
    this.prototype = prototype;
    this.options = options;
    this.hasRegionOps = hasRegionOps;
    this.backendNames = new Set([options.backendName]);
  }

  addBackend(name: string): void {
    registerPlanKernel(name);
    this.backendNames.add(name);
  }

  /** The rewriter of a model, if this call may be rewritten. */
  of(model: GraphModel): ModelRewriter | undefined {
    if (this.whyNot() !== null) return undefined;
    const known = this.known.get(model);
    if (typeof known === 'string') return undefined;
    if (known && !known.isStale) return known;
    known?.dispose();
    const made = this.make(internalsOf(model));
    this.known.set(model, made);
    if (typeof made === 'string') return undefined;
    this.made.push(new WeakRef(made));
    return made;
  }

  /** Why a model is not rewritten; null if it is, or was not looked at. */
  whyNotModel(model: GraphModel): string | null {
    const known = this.known.get(model);
    return typeof known === 'string' ? known : null;
  }

  whyNot(): string | null {
    const name = getBackend();
    if (!this.backendNames.has(name)) return `the backend is ${name}`;
    if (!this.options.isEnabled()) return 'WEBGPU_FUSED_REWRITE is off';
    // Gradients flow through kernels one by one; a plan has none.
    if (engine().state.gradientDepth > 0) return 'a gradient is being computed';
    if (keepsIntermediates()) return 'KEEP_INTERMEDIATE_TENSORS is on';
    return null;
  }

  /** Leaves a model to tfjs, whatever comes. */
  giveUp(model: GraphModel, reason: string): void {
    this.drop(model);
    this.known.set(model, reason);
  }

  drop(model: GraphModel): void {
    const known = this.known.get(model);
    if (known && typeof known !== 'string') known.dispose();
    this.known.delete(model);
  }

  clear(): void {
    for (const rewriter of this.made) rewriter.deref()?.dispose();
    this.made = [];
    this.known = new WeakMap();
  }

  /** A rewriter, or why there is none. */
  private make(model: ModelInternals): ModelRewriter | string {
    const topology = model.artifacts?.modelTopology;
    if (!topology?.node || !model.executor) return 'it has none of the ops of a graph';
    if (usesRegionOp(topology)) return 'it is a rewritten one';
    const name = sharedName(topology.node);
    if (name !== undefined) {
      console.warn(
        `[webgpu-fused] graph models: got several nodes named ${name}; needs names that differ. tfjs runs ` +
          'the model op by op; convert it again.',
      );
      return `several of its nodes are named ${name}`;
    }
    const [weight] = Object.values(model.executor.weightMap).flat();
    // Copies of tfjs share the engine of the one that came first, but not across realms.
    if (weight && !weight.isDisposed && this.options.isKnown?.(weight) === false) {
      console.warn(
        '[webgpu-fused] graph models: got weights that the engine of tfjs does not know, of another ' +
          'copy of @tensorflow/tfjs-core; needs one copy in the page. Bundle or load tfjs once; until ' +
          'then models run unfused.',
      );
      return 'its tensors are those of another copy of tfjs';
    }
    return new ModelRewriter(this.prototype, model, topology, this.options.runtime, {
      hasRegionOps: this.hasRegionOps,
    });
  }
}

/** A name of several nodes: which of them is meant, tfjs's executor decides by their kinds and their order. */
function sharedName(nodes: readonly NodeDef[]): string | undefined {
  const seen = new Set<string>();
  return nodes.find(({ name }) => seen.size === seen.add(name).size)?.name;
}

function keepsIntermediates(): boolean {
  return env().getBool('KEEP_INTERMEDIATE_TENSORS');
}

/** As tfjs returns results: one tensor by itself, several as a list. */
function unwrap(results: Tensor[]): Tensor | Tensor[] {
  return results.length > 1 ? results : results[0];
}

/** What tfjs says of it (“Cannot read properties of undefined”) helps nobody. */
function disposedInput(name: string): Error {
  return new Error(
    `[webgpu-fused] execute: got input ${name} that was disposed; needs a tensor that is alive. ` +
      `Dispose of inputs after the call, or keep() them.`,
  );
}

/** A failure of the rewriter itself: the model still runs, by tfjs. */
function reportFailure(error: unknown): void {
  console.warn(
    `[webgpu-fused] rewriting a graph model failed; tfjs runs it instead. ` +
      `Please report this: ${error instanceof Error ? error.stack : String(error)}`,
  );
}

function patch(prototype: GraphModel, rewriters: Rewriters): GraphModelHook {
  const { execute, executeAsync, dispose } = prototype;

  const prepare = (
    model: GraphModel,
    rewriter: ModelRewriter,
    inputs: Inputs,
    outputs?: Outputs,
  ) => {
    rewriter.runtime.assertAlive?.();
    const internals = internalsOf(model);
    const named = internals.normalizeInputs(inputs);
    const wanted = internals.normalizeOutputs(outputs);
    for (const name in named) if (named[name]?.isDisposed) throw disposedInput(name);
    try {
      return rewriter.prepare(named, wanted);
    } catch (error) {
      if (error instanceof InvalidModelError) throw error;
      reportFailure(error);
      rewriters.giveUp(model, 'rewriting it failed');
      return undefined;
    }
  };

  prototype.execute = function (inputs: Inputs, outputs?: Outputs) {
    const rewriter = rewriters.of(this);
    if (!rewriter) return execute.call(this, inputs, outputs);
    const internals = internalsOf(this);
    if (internals.resourceIdToCapturedInput == null) {
      internals.setResourceIdToCapturedInput(internals.executeInitializerGraph());
    }
    const call = prepare(this, rewriter, inputs, outputs);
    if (!call || call.requirements.isDynamic) return execute.call(this, inputs, outputs);
    return unwrap(rewriter.execute(call));
  };

  prototype.executeAsync = async function (inputs: Inputs, outputs?: Outputs) {
    const rewriter = rewriters.of(this);
    if (!rewriter) return executeAsync.call(this, inputs, outputs);
    const internals = internalsOf(this);
    if (internals.resourceIdToCapturedInput == null) {
      internals.setResourceIdToCapturedInput(await internals.executeInitializerGraphAsync());
    }
    const call = prepare(this, rewriter, inputs, outputs);
    if (!call) return executeAsync.call(this, inputs, outputs);
    return unwrap(await rewriter.executeAsync(call));
  };

  prototype.dispose = function () {
    rewriters.drop(this);
    dispose.call(this);
  };

  return {
    rewriterOf: (model) => rewriters.of(model),
    whyNot: (model) => rewriters.whyNot() ?? (model ? rewriters.whyNotModel(model) : null),
    forget: (model) => rewriters.drop(model),
    addBackend: (name) => rewriters.addBackend(name),
    remove: () => {
      rewriters.clear();
      Object.assign(prototype, { execute, executeAsync, dispose });
      delete (prototype as unknown as Record<symbol, unknown>)[MARK];
    },
  };
}
