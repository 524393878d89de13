/** The two tables of the model benchmark: how much work, and what came of it. */
import type { Side } from '../backends';
import { geometricMean } from '../../../src/measure/statistics';
import { formatTable, megabytes, NOTHING, scientific, short, whole, type Column } from './format';
import { firstSummary, floorOf, sideOf, type ModelRow } from './row';

/** `stock → candidate`, for any figure of a side. */
function pair(title: string, figure: (row: ModelRow, side: Side) => string): Column<ModelRow> {
  return {
    title,
    cell(row) {
      const [stock, candidate] = [figure(row, 'stock'), figure(row, 'candidate')];
      return stock === NOTHING && candidate === NOTHING ? NOTHING : `${stock} → ${candidate}`;
    },
  };
}

const NAME: Column<ModelRow> = { title: 'model', cell: ({ entry }) => entry.name };

const WORK: Column<ModelRow>[] = [
  NAME,
  pair('dispatches', (row, side) => whole(sideOf(row, side).counts?.dispatches)),
  { title: 'floor', cell: ({ entry }) => whole(floorOf(entry)) },
  pair('MB', (row, side) => megabytes(sideOf(row, side).counts?.trafficBytes)),
  pair('submits', (row, side) => whole(sideOf(row, side).counts?.submits)),
  pair('bind groups', (row, side) => whole(sideOf(row, side).counts?.bindGroups)),
  pair('pipelines', (row, side) => whole(pipelinesOf(row, side))),
  pair('peak MB', (row, side) => megabytes(firstSummary(row, side, 'peakBytes')?.median)),
];

const OUTCOME: Column<ModelRow>[] = [
  NAME,
  pair('error', (row, side) => scientific(sideOf(row, side).error?.relative)),
  pair('ms', (row, side) => short(sideOf(row, side).timing?.wall.median)),
  { title: 'faster by', cell: ({ compare }) => times(compare?.ratio?.median) },
  { title: 'IQR', cell: ({ compare }) => short(compare?.ratio?.iqr) },
  pair('JS ms', (row, side) => short(sideOf(row, side).timing?.js.median)),
  pair('first ms', (row, side) => short(firstSummary(row, side, 'firstMs')?.median)),
  { title: 'leaks', cell: leaks },
  {
    title: 'rewrite ms',
    cell: (row) => short(row.rewrite?.rewriteMs ?? row.compare?.fusion?.rewriteMs),
  },
];

/** Both tables, and the geometric means. */
export function formatTables(rows: readonly ModelRow[]): string {
  return [
    'Work of one warm inference (stock → candidate)',
    formatTable(WORK, rows),
    '',
    'Outcome (error against cpu, relative to the largest output; wall time with read-back)',
    formatTable(OUTCOME, rows),
    '',
    ...formatMeans(rows),
  ].join('\n');
}

/** Geometric means of stock over candidate. */
export function meansOf(rows: readonly ModelRow[]): Record<string, number | undefined> {
  const mean = (figure: (row: ModelRow, side: Side) => number | undefined): number | undefined => {
    const ratios = rows.flatMap((row) => {
      const [stock, candidate] = [figure(row, 'stock'), figure(row, 'candidate')];
      return stock && candidate ? [stock / candidate] : [];
    });
    return ratios.length ? geometricMean(ratios) : undefined;
  };
  const speedups = rows.flatMap(({ compare }) => compare?.ratio?.median ?? []);
  return {
    dispatches: mean((row, side) => sideOf(row, side).counts?.dispatches),
    bytes: mean((row, side) => sideOf(row, side).counts?.trafficBytes),
    time: speedups.length ? geometricMean(speedups) : undefined,
    jsTime: mean((row, side) => sideOf(row, side).timing?.js.median),
    first: mean((row, side) => firstSummary(row, side, 'firstMs')?.median),
    peak: mean((row, side) => firstSummary(row, side, 'peakBytes')?.median),
  };
}

function formatMeans(rows: readonly ModelRow[]): string[] {
  const shown = Object.entries(meansOf(rows)).map(([name, mean]) => `${name} ${times(mean)}`);
  return [`Geometric means, stock over candidate: ${shown.join(' · ')}`];
}

function pipelinesOf(row: ModelRow, side: Side): number | undefined {
  return firstSummary(row, side, 'pipelines')?.median ?? sideOf(row, side).pipelines;
}

function leaks(row: ModelRow): string {
  const report = sideOf(row, 'candidate').leaks;
  if (!report) return NOTHING;
  const { tensors, data, bytes, buffers } = report;
  return tensors || data || bytes || buffers
    ? `${tensors}t ${data}d ${bytes}B ${buffers}b`
    : 'none';
}

const times = (ratio: number | undefined): string =>
  ratio === undefined ? NOTHING : `${ratio.toFixed(2)}×`;
