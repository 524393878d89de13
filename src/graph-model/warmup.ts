/** Making a model ready for its first call without freezing the page. */
import type { GraphModel } from '@tensorflow/tfjs-converter';
import { checkOptions, type OptimizeOptions } from './example-inputs';
import { requireRewriter } from './explain';
import { nextTask, takeTurns } from '../ir/steps';
import { compileAll, withExamples, type WorkPace } from './optimize';

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
  /**
   * Measures on the device which candidates compute the model's products, convolutions and attentions
   * fastest, and takes those: see {@link warmup}. As `WEBGPU_FUSED_TUNE` says, by default.
   */
  readonly tune?: boolean;
  readonly onProgress?: (progress: WarmupProgress) => void;
}

/** What a warm-up did. */
export interface WarmupReport {
  /** Pipelines that were compiled; those that were there already do not count. */
  readonly pipelines: number;
  /** Choices among kernels that were measured; those that were known already do not count. */
  readonly tuned: number;
  readonly milliseconds: number;
  /** The longest time for which anything else in the page had to wait, in milliseconds. */
  readonly longestTaskMs: number;
}

/** Where of the progress dividing the graph ends, then tuning, then pipelines; a run of the model is left. */
const REWRITTEN = 0.2;
const TUNED = 0.6;
const COMPILED = 0.9;

/**
 * Makes a graph model ready for inputs of the shapes given, as {@link optimize} does, but compiles
 * its pipelines in parallel without freezing the page, uploads its weights, and runs it once, for
 * drivers that leave compiling to the first use: the first call is as fast as any later one.
 * Kernels of tfjs between regions, and models with control flow, compile while they run.
 *
 * With `tune`, each choice among candidates of a kernel that the model's plans make is measured, in turn
 * and for a second or two at most, 20 seconds in all, on buffers of its own. What wins clearly is taken
 * from then on, by every plan that is compiled on this adapter. Plans that were compiled before stay.
 *
 * ```js
 * await warmup(model, { onProgress: ({ progress }) => (bar.value = progress) });
 * ```
 *
 * @throws Error as {@link optimize} does.
 */
export async function warmup(
  model: GraphModel,
  options: WarmupOptions = {},
): Promise<WarmupReport> {
  const rewriter = requireRewriter(model, 'warmup');
  checkOptions('warmup', model, options);
  const { runtime } = rewriter;
  const { onProgress, tune } = options;
  const start = performance.now();
  const tell = (progress: number, text: string): void =>
    onProgress?.({ progress, timeElapsed: performance.now() - start, text });
  const own = { longestTaskMs: 0 };
  const note = (ms: number): void => void (own.longestTaskMs = Math.max(own.longestTaskMs, ms));
  const timed = async <T>(work: () => T | Promise<T>): Promise<T> => {
    const begun = performance.now();
    const result = await work();
    note(performance.now() - begun);
    await nextTask();
    return result;
  };
  const pace: WorkPace = { steps: (work) => takeTurns(work, note), task: timed };
  const isTuning = runtime.tunes?.(tune) ?? false;
  const between = (from: number, to: number, what: string) => (done: number, total: number) =>
    tell(from + ((to - from) * done) / total, `${what} ${done} of ${total}`);
  const compiled = between(isTuning ? TUNED : REWRITTEN, COMPILED, 'pipeline');
  const tuned = isTuning ? between(REWRITTEN, TUNED, 'tuned kernel') : null;
  tell(0, 'rewriting the graph');
  const ahead = await withExamples(model, rewriter, options, async (prepare) => {
    const rewrite = async (): Promise<void> => {
      await compileAll(rewriter, prepare, pace);
      tell(REWRITTEN, 'graph rewritten');
    };
    const report = await (runtime.ahead?.(rewrite, compiled, tuned) ?? rewrite());
    const call = await timed(prepare);
    // Around control flow it has run while it was compiled.
    const hasRun = call?.requirements.isDynamic && !call.rewrite.partition.isWhole;
    if (call && !hasRun) await timed(() => rewriter.free(rewriter.execute(call)));
    return report;
  });
  await runtime.finish?.();
  tell(1, 'ready');
  return {
    pipelines: ahead?.pipelines ?? 0,
    tuned: ahead?.tuned ?? 0,
    milliseconds: performance.now() - start,
    longestTaskMs: Math.max(ahead?.longestTaskMs ?? 0, own.longestTaskMs),
  };
}
