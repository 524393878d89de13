/** Rows as a table, and what they say about each criterion. */
import {
  formatTable,
  megabytes,
  scientific,
  short,
  whole,
  type Column,
} from '../harness/report/format';
import type { Row } from './compare';

const columns: readonly Column<Row>[] = [
  { title: 'program', cell: ({ workload }) => workload.name },
  { title: 'stock disp', cell: ({ sides }) => whole(sides?.stock.dispatches) },
  { title: 'ours', cell: ({ sides }) => whole(sides?.candidate.dispatches) },
  { title: 'limit', cell: (row) => whole(dispatchLimit(row)) },
  { title: 'stock MB', cell: ({ sides }) => megabytes(sides?.stock.trafficBytes) },
  { title: 'ours', cell: ({ sides }) => megabytes(sides?.candidate.trafficBytes) },
  { title: 'stock JS ms', cell: ({ sides }) => short(sides?.stock.js.median) },
  { title: 'ours', cell: ({ sides }) => short(sides?.candidate.js.median) },
  { title: 'stock ms', cell: ({ sides }) => short(sides?.stock.wall.median) },
  { title: 'ours', cell: ({ sides }) => short(sides?.candidate.wall.median) },
  { title: 'time ×', cell: ({ ratio }) => short(ratio?.wall.median) },
  { title: '± iqr', cell: ({ ratio }) => short(ratio?.wall.iqr) },
  { title: 'error', cell: ({ error }) => scientific(error) },
  { title: 'stock peak', cell: ({ peakBytes }) => megabytes(peakBytes?.stock) },
  { title: 'ours', cell: ({ peakBytes }) => megabytes(peakBytes?.candidate) },
];

export function formatRows(rows: readonly Row[]): string {
  return formatTable(columns, rows);
}

/** What the first runs of programs cost whose JavaScript is what counts. */
export function formatFirstRuns(rows: readonly Row[]): string {
  return rows
    .filter(({ workload, firstJs }) => workload.jsLimit !== undefined && firstJs)
    .map(({ workload, firstJs = [] }) => {
      const ratios = firstJs.map((ratio) => ratio.toFixed(1)).join(' ');
      return `JavaScript of the first runs × stock's later ones, ${workload.name}: ${ratios}`;
    })
    .join('\n');
}

/** The floor where there is one, half of stock's elsewhere; nothing where nothing can fuse. */
function dispatchLimit({ workload, sides }: Row): number | undefined {
  if (workload.group === 'overhead') return undefined;
  return (
    workload.floor ?? (sides && Math.floor(sides.stock.dispatches * (workload.share ?? 1 / 2)))
  );
}

/** What a row misses; empty where all is well. */
export function missesOf(row: Row): string[] {
  const { workload, sides, ratio, error, peakBytes, failure } = row;
  if (failure !== undefined || !sides || !ratio) return [`failed: ${failure}`];
  const misses: string[] = [];
  const limit = dispatchLimit(row);
  const { dispatches } = sides.candidate;
  if (limit !== undefined && dispatches > limit) {
    misses.push(`${dispatches} dispatches, more than ${limit}`);
  }
  if ((error ?? Infinity) > 1e-4) misses.push(`error ${scientific(error)}`);
  const { jsLimit, wallLimit } = workload;
  const js = ratio.js.median;
  if (jsLimit !== undefined && js > jsLimit) {
    misses.push(`JavaScript takes ${short(js)} times stock's, more than ${jsLimit}`);
  }
  if (wallLimit !== undefined && ratio.wall.median > wallLimit) {
    misses.push(`takes ${short(ratio.wall.median)} of stock's time`);
  }
  const memory = peakBytes && peakBytes.candidate / peakBytes.stock;
  if (memory !== undefined && memory > (workload.group === 'chain' ? 1 : 1.1)) {
    misses.push(`peak memory is ${short(memory)} of stock's`);
  }
  return misses;
}
