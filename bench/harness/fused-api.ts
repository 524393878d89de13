/**
 * The one place where the benches meet the package's own API. Whatever is not there yet is
 * answered by `undefined`.
 */
import type { GraphModel } from '@tensorflow/tfjs-converter';
import type { PlanRecord } from '../../src/report';

/** What the package says about a rewritten model. */
export interface FusionReport {
  dispatches: { before: number; after: number };
  bytes: { before: number; after: number };
  rewriteMs: number;
  regions: readonly { readonly plan?: PlanRecord }[];
}

interface FusedApi {
  explain(model: GraphModel): FusionReport | Promise<FusionReport>;
  optimize(model: GraphModel, options: { inputs: Record<string, number[]> }): unknown;
  warmup(model: GraphModel, options: WarmupOptions): Promise<unknown>;
}

/** How a model is warmed up. */
export interface WarmupOptions {
  inputs: Record<string, number[]>;
  onProgress: (now: { progress: number; text: string }) => void;
}

/** Registers the backend `webgpu-fused` by importing the package. */
export async function loadFused(): Promise<Partial<FusedApi>> {
  return await import('../../src/index');
}

/** The report of a model that ran on `webgpu-fused`. */
export async function explainModel(model: GraphModel): Promise<FusionReport | undefined> {
  const { explain } = await loadFused();
  return explain?.(model);
}

/** Rewrites and compiles a model now, for inputs of these shapes; the milliseconds that it took. */
export async function timeRewrite(
  model: GraphModel,
  inputs: Record<string, number[]>,
): Promise<number | undefined> {
  const { optimize } = await loadFused();
  if (!optimize) return undefined;
  const start = performance.now();
  await optimize(model, { inputs });
  return performance.now() - start;
}

/** Compiles a model ahead of its first call, and tells how far that is. */
export async function warmUp(model: GraphModel, options: WarmupOptions): Promise<void> {
  const { warmup } = await loadFused();
  await warmup?.(model, options);
}
