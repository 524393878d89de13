/** One model's measurements, as the reports read them. */
import type { ModelEntry } from '../../models/types';
import type { Side } from '../backends';
import { summarize, type Summary } from '../../../src/measure/statistics';
import type { CompareResult, FirstResult, RewriteResult, SideResult } from '../tasks/protocol';

/** The first inferences of both sides, one entry for each fresh process. */
export type FirstRuns = Partial<Record<Side, FirstResult[]>>;

/** One model. What is absent was not measured, or failed for the reason given. */
export interface ModelRow {
  entry: ModelEntry;
  /** Why there is no result at all. */
  failure?: string;
  compare?: CompareResult;
  first?: FirstRuns;
  /** Only of graphs that are too large to run. */
  rewrite?: RewriteResult;
}

/** One side of a row. */
export function sideOf(row: ModelRow, side: Side): SideResult {
  return row.compare?.sides[side] ?? {};
}

/** Median and spread of a figure over the fresh processes of one side. */
export function firstSummary(
  row: ModelRow,
  side: Side,
  figure: keyof FirstResult,
): Summary | undefined {
  const runs = row.first?.[side];
  return runs?.length ? summarize(runs.map((run) => run[figure])) : undefined;
}

/** The floor that counts: the greedy estimate, unless a closer look showed that it is too low. */
export function floorOf({ stock }: ModelEntry): number | undefined {
  return stock && Math.max(stock.floor, stock.honestFloor ?? 0);
}

/** Everything that went wrong with a row, in words. */
export function problemsOf(row: ModelRow): string[] {
  const problems = row.failure ? [row.failure] : [];
  for (const side of ['stock', 'candidate'] as const) {
    const { failure } = sideOf(row, side);
    if (failure) problems.push(`${side} does not run: ${firstLine(failure)}`);
  }
  const { dispatches } = sideOf(row, 'stock').counts ?? {};
  const expected = row.entry.stock?.dispatches;
  if (dispatches !== undefined && expected !== undefined && dispatches !== expected) {
    problems.push(`stock took ${dispatches} dispatches where the table of models says ${expected}`);
  }
  const above =
    (sideOf(row, 'candidate').counts?.dispatches ?? 0) - (floorOf(row.entry) ?? Infinity);
  const { aboveFloor } = row.entry.stock ?? {};
  if (aboveFloor && above > 0) problems.push(`${above} above the floor: ${aboveFloor.reason}`);
  return problems;
}

const firstLine = (text: string): string => text.trim().split('\n')[0].slice(0, 160);
