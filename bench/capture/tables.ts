/** The tables of the capture benchmark. */
import {
  formatTable,
  megabytes,
  NOTHING,
  short,
  whole,
  type Column,
} from '../harness/report/format';
import type { Summary } from '../../src/measure/statistics';
import { type CaptureRow, resultOf, wallOf } from './row';
import type { VariantResult } from './task';
import { type Variant, VARIANTS } from './variants';

const times = (ratio: Summary | undefined): string =>
  ratio ? `${short(ratio.median)}× ± ${short(ratio.iqr / 2)}` : NOTHING;

const micro = (value: number | undefined): string =>
  value === undefined ? NOTHING : value.toFixed(3);

function pair(title: string, figure: (result: VariantResult) => string): Column<CaptureRow> {
  const cell = (row: CaptureRow, variant: Variant): string => {
    const result = resultOf(row, variant);
    return result ? figure(result) : NOTHING;
  };
  return { title, cell: (row) => `${cell(row, 'stock')} → ${cell(row, 'both')}` };
}

const NAME: Column<CaptureRow> = { title: 'model', cell: ({ model }) => model };

const CALL: Column<CaptureRow>[] = [
  NAME,
  pair('dispatches', ({ counts }) => whole(counts.dispatches)),
  pair('JS ms', ({ js }) => micro(js?.median)),
  { title: 'less by', cell: ({ js }) => times(js?.find((r) => r.variant === 'both')?.ratio) },
  { title: 'WebGPU alone', cell: (row) => micro(resultOf(row, 'both')?.bare?.median) },
  pair('submits', ({ counts }) => whole(counts.submits)),
  pair('pipelines', ({ counts }) => whole(counts.pipelines)),
  pair('uniform writes', ({ counts }) => whole(counts.uniformWrites)),
  pair('bind groups', ({ counts }) => whole(counts.bindGroups)),
];

interface AblationRow {
  row: CaptureRow;
  variant: Variant;
}

const ABLATION: Column<AblationRow>[] = [
  { title: 'model', cell: ({ row, variant }) => `${row.model} · ${variant}` },
  {
    title: 'dispatches',
    cell: ({ row, variant }) => whole(resultOf(row, variant)?.counts.dispatches),
  },
  {
    title: 'JS ms',
    cell: ({ row, variant }) => micro(row.js?.find((r) => r.variant === variant)?.js?.median),
  },
  {
    title: 'wall ms',
    cell: ({ row, variant }) => short(wallOf(row, variant)?.wall?.median),
  },
  { title: 'faster by', cell: ({ row, variant }) => times(wallOf(row, variant)?.ratio) },
  {
    title: 'bind groups',
    cell: ({ row, variant }) => whole(resultOf(row, variant)?.counts.bindGroups),
  },
  {
    title: 'peak MB',
    cell: ({ row, variant }) => megabytes(resultOf(row, variant)?.intermediates),
  },
];

const MEMORY: Column<CaptureRow>[] = [
  NAME,
  pair('intermediates, MB', ({ intermediates }) => megabytes(intermediates)),
  {
    title: 'of stock',
    cell: (row) => short(shareOfStock(row)),
  },
  {
    title: 'lower bound, MB',
    cell: (row) => megabytes(resultOf(row, 'both')?.lowerBound),
  },
  { title: 'above it by', cell: (row) => short(aboveBound(row)) },
];

const WARMUP: Column<CaptureRow>[] = [
  NAME,
  { title: 'pipelines', cell: ({ warmup }) => whole(warmup?.pipelines) },
  { title: 'ms', cell: ({ warmup }) => short(warmup?.milliseconds) },
  { title: 'longest task, ms', cell: ({ warmup }) => short(warmup?.longestTaskMs) },
  { title: 'first call after it, ms', cell: ({ warmup }) => short(warmup?.firstMs) },
];

/** Our intermediates over stock's. */
export function shareOfStock(row: CaptureRow): number | undefined {
  const [stock, both] = [resultOf(row, 'stock'), resultOf(row, 'both')];
  if (!stock || !both || stock.intermediates <= 0 || both.intermediates <= 0) return undefined;
  return both.intermediates / stock.intermediates;
}

/** Our intermediates over the largest sum of bytes that live at once. */
export function aboveBound(row: CaptureRow): number | undefined {
  const both = resultOf(row, 'both');
  return both?.lowerBound ? both.intermediates / both.lowerBound : undefined;
}

export function formatCaptureTables(rows: readonly CaptureRow[]): string {
  const ablation = rows.flatMap((row) => VARIANTS.map((variant) => ({ row, variant })));
  return [
    `A warm call on a device that computes nothing\n${formatTable(CALL, rows)}`,
    `Ablation\n${formatTable(ABLATION, ablation)}`,
    `Memory\n${formatTable(MEMORY, rows)}`,
    `Warm-up, with an empty cache of compiled shaders\n${formatTable(WARMUP, rows)}`,
  ].join('\n\n');
}
