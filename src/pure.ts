/**
 * The public API. It registers nothing, and takes back what importing the peer
 * `@tensorflow/tfjs-backend-webgpu` does to the default backend of an app that did not import it.
 */
import './host/before-peer'; // first: see there
import { BACKEND_NAME } from './backend/backend';
import { flag } from './host/flags';
import { BackendRuntime } from './backend/graph-runtime';
import { registerWebGPUFused, REPLACED_NAME, replaceWebGPU } from './backend/register';
import { type Converter, type GraphModelHook, installGraphModelHook } from './graph-model';
import { keepDefaultBackend } from './host/default-backend';
import { backendOf } from './host/internals';
import { registerNamedKernels } from './named';

export { BACKEND_NAME, WebGPUFusedBackend } from './backend/backend';
export { capture, type Captured } from './capture/capture';
export type { CaptureStatus } from './capture/captured-call';
export { exportTuning, importTuning } from './backend/tuning';
export type { TunedChoice, TuningJson } from './runtime/tuning/table';
export { useDevice } from './host/request-device';
export { lastTrace, type FlushTrace, type Trace } from './eager/flush-trace';
export {
  attention,
  layerNorm,
  mlp,
  rmsNorm,
  type ActivationName,
  type AttentionOptions,
  type DenseLayer,
  type NormOptions,
  type ResidualNormOptions,
  type SumAndNorm,
} from './named';
export * as pattern from './patterns/match';
export type { FusionRule, Match, Replacement, RuleTarget } from './patterns/rule';
export type { GraphBuilder } from './ir/builder';
export type { Node, Value } from './ir/graph';
export { registerFusion } from './registry/rules';
export {
  explain,
  optimize,
  warmup,
  type CaptureExplanation,
  type CompilationExplanation,
  type ModelExplanation,
  type NewShaderRecord,
  type NewShapeRecord,
  type OpenShape,
  type OptimizeOptions,
  type WarmupOptions,
  type WarmupProgress,
  type WarmupReport,
} from './graph-model';
export type {
  CaptureRecord,
  ChoiceRecord,
  KernelRecord,
  MemoryRecord,
  PartRecord,
  PlaceRecord,
  PlanRecord,
  RefusalRecord,
  RewriteRecord,
  TextRecord,
  ValueRecord,
} from './report/record';

export { version } from './host/version';

/** A copy of tfjs that {@link register} serves besides the one that this package imports. */
export interface RegisterOptions {
  /** The copy's namespace, where the library that bundles it hands that out. */
  readonly tf?: Partial<Converter>;
  /** Its class of graph models: `model.constructor` of any of them. */
  readonly GraphModel?: Converter['GraphModel'];
  /** Its `registerOp`; without it, models that cannot run as one piece stay with tfjs. */
  readonly registerOp?: Converter['registerOp'];
}

const hooks: GraphModelHook[] = [];

keepDefaultBackend([BACKEND_NAME, REPLACED_NAME]);

/**
 * Registers the backend `webgpu-fused` and the hook that rewrites graph models when they first run
 * on it. Importing the package's main entry calls this; importing `./pure` leaves it to the app.
 * Called again, it registers what is missing.
 *
 * A library that bundles tfjs has a `GraphModel` of its own: name it, and its models are rewritten too.
 *
 * ```js
 * register({ GraphModel: library.tf.GraphModel, registerOp: library.tf.registerOp });
 * ```
 *
 * @throws Error if what is given is no class of graph models.
 */
export function register(options: RegisterOptions = {}): void {
  const other = converterOf(options);
  registerWebGPUFused();
  registerNamedKernels(BACKEND_NAME);
  for (const converter of other ? [undefined, other] : [undefined]) {
    const hook = installGraphModelHook(
      {
        backendName: BACKEND_NAME,
        runtime: new BackendRuntime(),
        isEnabled: () => flag('WEBGPU_FUSED_REWRITE'),
        isKnown: ({ dataId }) => backendOf(dataId) !== undefined,
      },
      converter,
    );
    if (!hooks.includes(hook)) hooks.push(hook);
  }
}

/** The copy of tfjs-converter that is meant; undefined if it is that of this package. */
function converterOf(options: RegisterOptions): Converter | undefined {
  const { GraphModel, registerOp } = { ...options?.tf, ...options };
  const isGiven = options?.tf !== undefined || 'GraphModel' in (options ?? { GraphModel: null });
  if (!isGiven) return undefined;
  const execute = (GraphModel?.prototype as { execute?: unknown } | undefined)?.execute;
  if (!GraphModel || typeof execute !== 'function') {
    throw new Error(
      `[webgpu-fused] register: got ${GraphModel === undefined ? 'no GraphModel' : 'a GraphModel without execute()'}; ` +
        'needs a class of graph models. Pass { GraphModel: model.constructor } of a model of the library, ' +
        'or { tf } with the tfjs that it bundles.',
    );
  }
  return { GraphModel, registerOp };
}

/**
 * Makes `tf.setBackend('webgpu')` mean this backend, for apps that hard-code that name. Call it
 * before the app sets its backend; stock `webgpu` is gone afterwards.
 */
export function aliasWebGPU(): void {
  replaceWebGPU();
  for (const hook of hooks) hook.addBackend(REPLACED_NAME);
}
