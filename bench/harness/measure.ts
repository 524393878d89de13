/** All measurements of one model, each in a child process. */
import type { Side } from './backends';
import { locateModel } from '../models/artifacts';
import type { ModelEntry } from '../models/types';
import type { FirstRuns, ModelRow } from './report/row';
import { runInChild } from './spawn';
import type { CompareTask } from './tasks/protocol';

/** How much is measured. */
export interface MeasureSettings extends Pick<
  CompareTask,
  'candidate' | 'reps' | 'warmups' | 'leakRuns'
> {
  /** How many sets of inputs. */
  seeds: number;
  /** Fresh processes for each side; 0 leaves the first inference out. */
  firstReps: number;
  timeoutMs: number;
}

/** Measures a model; what goes wrong is in the row, never thrown. */
export async function measureModel(
  entry: ModelEntry,
  settings: MeasureSettings,
  onProgress: (step: string) => void,
): Promise<ModelRow> {
  const row: ModelRow = { entry };
  try {
    await locateModel(entry);
    if (entry.topologyOnly) await rewriteOnly(row, settings, onProgress);
    else await runAll(row, settings, onProgress);
  } catch (error) {
    row.failure = error instanceof Error ? error.message : String(error);
  }
  return row;
}

async function runAll(
  row: ModelRow,
  settings: MeasureSettings,
  onProgress: (step: string) => void,
): Promise<void> {
  const { candidate, reps, warmups, leakRuns, firstReps, timeoutMs } = settings;
  const { entry } = row;
  const seeds = Array.from({ length: settings.seeds }, (_, index) => index + 1);
  row.compare = await runInChild(
    { kind: 'compare', model: entry.name, candidate, seeds, warmups, reps, leakRuns },
    { timeoutMs, onProgress },
  );
  if (firstReps > 0) row.first = await runFirst(row, settings, onProgress);
}

/** First inferences in turn, on the sides that run at all. */
async function runFirst(
  { entry, compare }: ModelRow,
  { candidate, firstReps, timeoutMs }: MeasureSettings,
  onProgress: (step: string) => void,
): Promise<FirstRuns> {
  const runs: FirstRuns = {};
  const sides = (['stock', 'candidate'] as const satisfies Side[]).filter(
    (side) => !compare?.sides[side].failure,
  );
  for (let rep = 0; rep < firstReps; rep++) {
    for (const side of sides) {
      onProgress(`first inference of ${side} (${rep + 1}/${firstReps})`);
      const result = await runInChild(
        { kind: 'first', model: entry.name, candidate, side, seed: 1, device: 'real', runs: 8 },
        { timeoutMs, coldShaderCache: true },
      );
      (runs[side] ??= []).push(result);
    }
  }
  return runs;
}

async function rewriteOnly(
  row: ModelRow,
  { timeoutMs }: MeasureSettings,
  onProgress: (step: string) => void,
): Promise<void> {
  onProgress('rewriting');
  row.rewrite = await runInChild({ kind: 'rewrite', model: row.entry.name }, { timeoutMs });
  if (row.rewrite.rewriteMs === undefined) {
    row.failure = `${row.rewrite.nodes} nodes loaded; the package cannot rewrite a model yet`;
  }
}
