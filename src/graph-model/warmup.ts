import type { GraphModel } from '@tensorflow/tfjs-converter';
import { requireRewriter } from './explain';
import { optimize, type OptimizeOptions } from './optimize';

/** How far a warm-up is. */
export interface WarmupProgress {
  /** From 0 to 1. */
  readonly progress: number;
  /** Milliseconds since the call. */
  readonly timeElapsed: number;
  /** For people. */
  readonly text: string;
}

/** Options of {@link warmup}. */
export interface WarmupOptions extends OptimizeOptions {
  readonly onProgress?: (progress: WarmupProgress) => void;
}

/** What a warm-up did. */
export interface WarmupReport {
  /** Pipelines that were compiled; those that were there already do not count. */
  readonly pipelines: number;
  readonly milliseconds: number;
  /** The longest time for which anything else in the page had to wait, in milliseconds. */
  readonly longestTaskMs: number;
}

/** Share of the progress that rewriting stands for; the rest is pipelines. */
const REWRITING = 0.2;

/**
 * Makes a graph model ready for inputs of the shapes given, as {@link optimize} does, but compiles
 * its pipelines in parallel without freezing the page, uploads its weights, and records its plan:
 * the first call is as fast as any later one. A model with control flow runs once in the course
 * of it, and compiles while it does; so do the ops that tfjs runs between regions.
 *
 * ```js
 * await warmup(model, { onProgress: ({ progress }) => (bar.value = progress) });
 * ```
 *
 * @throws Error as {@link optimize} does.
 */
export async function warmup(
  model: GraphModel,
  { onProgress, ...options }: WarmupOptions = {},
): Promise<WarmupReport> {
  const { runtime } = requireRewriter(model, 'warmup');
  const start = performance.now();
  const tell = (progress: number, text: string): void =>
    onProgress?.({ progress, timeElapsed: performance.now() - start, text });
  let rewritingMs = 0;
  const rewrite = async (): Promise<void> => {
    const begun = performance.now();
    await optimize(model, options);
    rewritingMs = performance.now() - begun;
    tell(REWRITING, 'graph rewritten');
  };
  tell(0, 'rewriting the graph');
  const compiled = (done: number, total: number): void =>
    tell(REWRITING + ((1 - REWRITING) * done) / (total + 1), `pipeline ${done} of ${total}`);
  const report = runtime.ahead
    ? await runtime.ahead(rewrite, compiled)
    : await rewrite().then(() => ({ pipelines: 0, longestTaskMs: 0 }));
  tell(1, 'ready');
  return {
    pipelines: report.pipelines,
    milliseconds: performance.now() - start,
    longestTaskMs: Math.max(report.longestTaskMs, rewritingMs),
  };
}
