/** magika, the transformer whose real weights are at hand: measured as `bench:models` does. */
import { measureModel } from '../harness/measure';
import { megabytes, scientific } from '../harness/report/format';
import { firstSummary, sideOf, type ModelRow } from '../harness/report/row';
import { selectModels } from '../models/zoo';
import type { CaseSettings } from './measure';

export const MAGIKA = 'magika';

/** Stock `webgpu` binds more than devices grant by default: limits are all there is to judge by. */
const LIMITS = { dispatches: 9, peakBytes: 40e6, error: 1e-5 };

export function measureMagika(
  { reps, warmups }: CaseSettings,
  timeoutMs: number,
  onProgress: (step: string) => void,
): Promise<ModelRow> {
  const amounts = { leakRuns: 20, seeds: 2, firstReps: 1 };
  const settings = { candidate: 'webgpu-fused', reps, warmups, ...amounts, timeoutMs } as const;
  return measureModel(selectModels([MAGIKA])[0], settings, onProgress);
}

/** The limits that it misses; all of them if it was not measured. */
export function problemsOfMagika(row: ModelRow): string[] {
  const { counts, error } = sideOf(row, 'candidate');
  const figures = [
    [counts?.dispatches, LIMITS.dispatches, 'dispatches', String],
    [
      firstSummary(row, 'candidate', 'peakBytes')?.median,
      LIMITS.peakBytes,
      'MB at its peak',
      megabytes,
    ],
    [error?.relative, LIMITS.error, 'of error', scientific],
  ] as const;
  const misses = figures.flatMap(([figure = NaN, limit, unit, format]) =>
    figure <= limit ? [] : [`${format(figure)} ${unit}, at most ${format(limit)} are allowed`],
  );
  return [row.failure ?? [], misses].flat().map((problem) => `${MAGIKA}: ${problem}`);
}
