/** Compiles the shaders of plans ahead, in parallel and without blocking. */
import type { PlanDevice } from './plan-device';
import type { PlanExecutor } from './executor';
import type { PlanDispatch } from '../compiler/plan';
import { codeOf } from './pipelines';
import { MAX_TASK_MS, nextTask } from '../ir/steps';

export type AheadProgress = (done: number, total: number) => void;

/** What was compiled so far, and a stopwatch for the rest. */
export interface AheadMeter {
  /** Pipelines that were compiled; those that were there already do not count. */
  readonly pipelines: number;
  /** The longest piece of work without a pause, in milliseconds. */
  longestTaskMs: number;
  /** Does another piece of work, and notes how long it takes. */
  task(work: () => void): void;
}

/** Compiles what `executors` need; each shader once, however many of them use it. */
export async function compileAhead(
  { pipelines, device }: PlanDevice,
  executors: readonly PlanExecutor[],
  onProgress: AheadProgress,
): Promise<AheadMeter> {
  const missing = new Map<string, PlanDispatch>();
  for (const { plan } of executors) {
    for (const dispatch of [...(plan.prelude?.plan.dispatches ?? []), ...plan.dispatches]) {
      if (pipelines.isMissing(dispatch.program)) missing.set(codeOf(dispatch.program), dispatch);
    }
  }
  const report: AheadMeter = {
    pipelines: missing.size,
    longestTaskMs: 0,
    task(work) {
      const start = performance.now();
      work();
      report.longestTaskMs = Math.max(report.longestTaskMs, performance.now() - start);
    },
  };
  const compiling: Promise<void>[] = [];
  const waiting = [...missing.values()];
  let done = 0;
  const finished = (): void => onProgress(++done, missing.size);
  while (waiting.length > 0) {
    report.task(() => {
      const start = performance.now();
      while (waiting.length > 0 && performance.now() - start < MAX_TASK_MS) {
        const { program, label } = waiting.shift() as PlanDispatch;
        compiling.push(pipelines.compile(program, label).then(finished));
      }
    });
    await nextTask();
  }
  // A device that is lost does not answer any more.
  await Promise.race([Promise.all(compiling), device.lost]);
  return report;
}
