/** Graph models: rewriting them as they run, and saying what became of them. */
export type { CompilationExplanation, NewShaderRecord, NewShapeRecord } from './compilation-log';
export {
  explain,
  type ModelExplanation,
  type NodeFate,
  type RefusalExplanation,
  type RegionExplanation,
} from './explain';
export {
  installGraphModelHook,
  hookOf,
  type Converter,
  type GraphModelHook,
  type GraphModelHookOptions,
} from './hook';
export type { CaptureExplanation } from './model-capture';
export { importedOps } from './import';
export type { OpenShape, OptimizeOptions } from './example-inputs';
export { optimize } from './optimize';
export { warmup, type WarmupOptions, type WarmupProgress, type WarmupReport } from './warmup';
export type { CompiledPlan, PlanRefusal, PlanRuntime } from './runtime';
