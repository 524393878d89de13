/** The public API without side effects. */
import { BACKEND_NAME } from './backend/backend';
import { flag } from './host/flags';
import { BackendRuntime } from './backend/graph-runtime';
import { registerWebGPUFused, REPLACED_NAME, replaceWebGPU } from './backend/register';
import { installedHook, installGraphModelHook } from './graph-model';
import { registerNamedKernels } from './named';

export { BACKEND_NAME, WebGPUFusedBackend } from './backend/backend';
export { capture, type Captured } from './capture/capture';
export type { CaptureStatus } from './capture/captured-call';
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
  type ModelExplanation,
  type OptimizeOptions,
  type WarmupOptions,
  type WarmupProgress,
  type WarmupReport,
} from './graph-model';
export type {
  CaptureRecord,
  KernelRecord,
  MemoryRecord,
  PlanRecord,
  RefusalRecord,
  RewriteRecord,
} from './report/record';

/** The version of this package. */
export const version = '0.1.0';

/**
 * Registers the backend `webgpu-fused` and the hook that rewrites graph models when they first run
 * on it. Importing the package's main entry calls this; importing `./pure` leaves it to the app.
 */
export function register(): void {
  registerWebGPUFused();
  registerNamedKernels(BACKEND_NAME);
  installGraphModelHook({
    backendName: BACKEND_NAME,
    runtime: new BackendRuntime(),
    isEnabled: () => flag('WEBGPU_FUSED_REWRITE'),
  });
}

/**
 * Makes `tf.setBackend('webgpu')` mean this backend, for apps that hard-code that name. Call it
 * before the app sets its backend; stock `webgpu` is gone afterwards.
 */
export function aliasWebGPU(): void {
  replaceWebGPU();
  installedHook()?.addBackend(REPLACED_NAME);
}
