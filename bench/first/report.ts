/** The table of the benchmark of first calls, and what misses a limit. */
import { geometricMean, summarize } from '../../src/measure/statistics';
import type { Side } from '../harness/backends';
import { formatTable, short, type Column } from '../harness/report/format';
import type { WarmupResult } from '../capture/warmup';
import type { FirstResult } from '../harness/tasks/protocol';

/** First calls of both sides, and warm-ups of ours, on one device, one entry for each fresh process. */
export type FirstRuns = Readonly<Record<Side, readonly FirstResult[]>> & {
  readonly warmups: readonly WarmupResult[];
};

export interface FirstRow {
  readonly model: string;
  /** On Dawn's null device: the JavaScript. */
  readonly js?: FirstRuns;
  /** On the real device, with cold shader caches. */
  readonly real?: FirstRuns;
  readonly failures: readonly string[];
}

/** Largest ratios of ours to stock's: of one model, and of all in geometric mean. */
export interface Limit {
  readonly each: number;
  readonly mean?: number;
}

/** A figure that both sides have, the smaller the better; undefined where it was not measured. */
export interface Figure {
  readonly name: string;
  readonly limit: Limit;
  of(row: FirstRow, side: Side): number | undefined;
}

/** Up to here two figures count as equal: processes start on a machine that does other things, too. */
const EQUAL = 1.05;

const medianOf = (
  runs: readonly FirstResult[] | undefined,
  figure: (run: FirstResult) => number,
): number | undefined => (runs?.length ? summarize(runs.map(figure)).median : undefined);

const onNull = (figure: (run: FirstResult) => number) => (row: FirstRow, side: Side) =>
  medianOf(row.js?.[side], figure);

const onReal = (figure: (run: FirstResult) => number) => (row: FirstRow, side: Side) =>
  medianOf(row.real?.[side], figure);

/** CPU time that only the real device takes: its compiler's, and that of computing in software. */
function driverCpu(row: FirstRow, side: Side): number | undefined {
  const [all, js] = [onReal(cpuOf)(row, side), onNull(cpuOf)(row, side)];
  return all === undefined || js === undefined ? undefined : Math.max(0, all - js);
}

const cpuOf = ({ firstCpuMs }: FirstResult): number => firstCpuMs;

export const FIGURES: readonly Figure[] = [
  { name: 'JS CPU ms', limit: { each: EQUAL, mean: 0.7 }, of: onNull(cpuOf) },
  { name: 'wall ms', limit: { each: EQUAL }, of: onReal(({ firstMs }) => firstMs) },
  { name: 'driver CPU ms', limit: { each: 1.2 }, of: driverCpu },
  {
    name: 'pipelines',
    limit: { each: 0.8, mean: 0.45 },
    // The null device makes the same ones, where the real one was not measured.
    of: (row, side) => medianOf((row.real ?? row.js)?.[side], ({ pipelines }) => pipelines),
  },
];

/** Milliseconds for which a page may stand still while a model is warmed up: more is a long task. */
const MAX_GAP_MS = 50;

/** The longest time for which nothing else had its turn during a warm-up: median of the processes. */
export function gapOf(runs: FirstRuns | undefined): number | undefined {
  return runs?.warmups.length
    ? summarize(runs.warmups.map(({ gapMs }) => gapMs)).median
    : undefined;
}

/** Ours over stock's. */
export function ratioOf({ of }: Figure, row: FirstRow): number | undefined {
  const [stock, candidate] = [of(row, 'stock'), of(row, 'candidate')];
  return stock && candidate !== undefined ? candidate / stock : undefined;
}

/** The geometric mean of the ratios of all rows that have one. */
export function meanOf(figure: Figure, rows: readonly FirstRow[]): number | undefined {
  const ratios = rows.flatMap((row) => ratioOf(figure, row) ?? []);
  return ratios.length > 0 ? geometricMean(ratios) : undefined;
}

const COLUMNS: readonly Column<FirstRow>[] = [
  { title: 'model', cell: ({ model }) => model },
  ...FIGURES.flatMap((figure): Column<FirstRow>[] => [
    {
      title: figure.name,
      cell: (row) => `${short(figure.of(row, 'stock'))} → ${short(figure.of(row, 'candidate'))}`,
    },
    { title: 'ratio', cell: (row) => short(ratioOf(figure, row)) },
  ]),
  {
    title: 'warm-up: longest gap ms, JS · all',
    cell: ({ js, real }) => `${short(gapOf(js))} · ${short(gapOf(real))}`,
  },
];

export function formatRows(rows: readonly FirstRow[]): string {
  const means = FIGURES.map((figure) => `${figure.name} ${short(meanOf(figure, rows))}`);
  return [
    'First call of a fresh process (stock → ours, medians; ratio of ours to stock)',
    formatTable([...COLUMNS], rows),
    '',
    `Geometric means of the ratios: ${means.join(' · ')}`,
  ].join('\n');
}

/** What is not met, in words. */
export function missesOf(rows: readonly FirstRow[]): string[] {
  const failures = rows.flatMap(({ model, failures: own }) => own.map((one) => `${model}: ${one}`));
  const misses = FIGURES.flatMap((figure) => {
    const { name, limit } = figure;
    const over = rows.flatMap((row) => {
      const ratio = ratioOf(figure, row);
      return ratio !== undefined && ratio > limit.each
        ? [`${row.model}: ${name} ${short(ratio)} of stock's, allowed ${limit.each}`]
        : [];
    });
    const mean = meanOf(figure, rows);
    return limit.mean !== undefined && mean !== undefined && mean > limit.mean
      ? [...over, `${name} ${short(mean)} of stock's in geometric mean, allowed ${limit.mean}`]
      : over;
  });
  const gaps = rows.flatMap(({ model, js, real }) => {
    const longest = Math.max(gapOf(js) ?? 0, gapOf(real) ?? 0);
    return longest > MAX_GAP_MS
      ? [`${model}: ${short(longest)} ms in which nothing else had its turn, allowed ${MAX_GAP_MS}`]
      : [];
  });
  return [...failures, ...misses, ...gaps];
}
