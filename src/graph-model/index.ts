/** Graph models: rewriting them as they run, and saying what became of them. */
export {
  explain,
  type ModelExplanation,
  type NodeFate,
  type RefusalExplanation,
  type RegionExplanation,
} from './explain';
export {
  installGraphModelHook,
  installedHook,
  type GraphModelHook,
  type GraphModelHookOptions,
} from './hook';
export type { CaptureExplanation } from './model-capture';
export { importedOps } from './import';
export { optimize, type OptimizeOptions } from './optimize';
export { warmup, type WarmupOptions, type WarmupProgress, type WarmupReport } from './warmup';
export type { CompiledPlan, PlanRefusal, PlanRuntime } from './runtime';
