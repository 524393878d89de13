/** Results of the kernel benchmark as a table, and what they show. */
import { formatTable, short, scientific, type Column } from '../harness/report/format';
import { geometricMean } from '../../src/measure/statistics';
import { DEMANDS, type Demand, type KernelCase } from './case';
import type { CaseResult, SideResult } from './measure';
import type { Peaks } from './peaks';

export interface Row {
  readonly entry: KernelCase;
  readonly result: CaseResult;
}

/** Differences above this, relative to the largest element, are not rounding. */
const MAX_DIFFERENCE = 1e-4;

export function formatPeaks({ flops, read, copy }: Peaks): string {
  const rates = [`${short(flops / 1e9)} GFLOP/s`, `reads ${short(read / 1e9)} GB/s`];
  return `Measured peaks: ${rates.join(', ')}, copies ${short(copy / 1e9)} GB/s`;
}

export function formatRows(rows: readonly Row[], peaks: Peaks): string {
  const spread = ({ time }: SideResult): string => `±${Math.round((50 * time.iqr) / time.median)}%`;
  const share = (rate: number, peak: number): string => `${Math.round((100 * rate) / peak)}%`;
  const rateOf = (amount: number, { time }: SideResult): number => (amount / time.median) * 1e6;
  const bandwidth = Math.max(peaks.read, peaks.copy);
  const columns: Column<Row>[] = [
    { title: 'case', cell: ({ entry }) => entry.name },
    { title: 'stock µs', cell: ({ result }) => short(result.stock.time.median) },
    { title: '', cell: ({ result }) => spread(result.stock) },
    { title: 'ours µs', cell: ({ result }) => short(result.ours.time.median) },
    { title: '', cell: ({ result }) => spread(result.ours) },
    { title: '× stock', cell: ({ result }) => short(result.ratio.median) },
    {
      title: 'GFLOP/s',
      cell: ({ entry, result }) => short(rateOf(entry.flops, result.ours) / 1e9),
    },
    {
      title: 'peak',
      cell: ({ entry, result }) => share(rateOf(entry.flops, result.ours), peaks.flops),
    },
    { title: 'GB/s', cell: ({ entry, result }) => short(rateOf(entry.bytes, result.ours) / 1e9) },
    {
      title: 'peak',
      cell: ({ entry, result }) => share(rateOf(entry.bytes, result.ours), bandwidth),
    },
    {
      title: 'dispatches',
      cell: ({ result }) => `${result.stock.dispatches.length} → ${result.ours.dispatches.length}`,
    },
    { title: 'speed', cell: ({ result }) => `${Math.round(100 * result.speed)}%` },
    { title: 'difference', cell: ({ result }) => scientific(result.difference) },
  ];
  return formatTable(columns, rows);
}

/** What a demand asks for, and the cases that miss it. */
export interface Verdict {
  readonly text: string;
  readonly ratio: number;
  readonly judged: number;
  readonly mean: number;
  readonly misses: readonly string[];
}

export function judge(rows: readonly Row[]): Verdict[] {
  const demands = Object.entries(DEMANDS) as [Demand | 'all', (typeof DEMANDS)[Demand | 'all']][];
  return demands.map(([name, { text, ratio }]) => {
    const judged = rows.filter(({ entry }) => name === 'all' || entry.demand === name);
    const ratios = judged.map(({ result }) => result.ratio.median);
    const misses = judged
      .filter(({ result }) => result.ratio.median < ratio)
      .map(({ entry, result }) => `${entry.name}: ${short(result.ratio.median)}×`);
    return { text, ratio, judged: judged.length, mean: geometricMean(ratios), misses };
  });
}

export function formatVerdicts(verdicts: readonly Verdict[]): string {
  return verdicts
    .flatMap(({ text, ratio, judged, mean, misses }) => {
      if (judged === 0) return [`${text}: not measured`];
      const state = misses.length === 0 ? 'holds' : 'MISSED';
      const count = `${judged - misses.length} of ${judged}, geometric mean ${short(mean)}×`;
      return [
        `${text}, at least ${short(ratio)}×: ${state} (${count})`,
        ...misses.map((miss) => `    ${miss}`),
      ];
    })
    .join('\n');
}

/** Results that are not those of stock. */
export function findWrong(rows: readonly Row[]): string[] {
  return rows
    .filter(({ result }) => !(result.difference <= MAX_DIFFERENCE))
    .map(({ entry, result }) => `${entry.name}: differs by ${scientific(result.difference)}`);
}
