/** The table of the benchmark of shapes, and what misses a limit. */
import {
  formatTable,
  megabytes,
  scientific,
  short,
  whole,
  type Column,
} from '../harness/report/format';
import { describeSizes, type ShapeProgram } from './program';
import type { ShapesResult } from './task';

export interface ShapesRow {
  readonly program: ShapeProgram;
  /** On Dawn's null device: what is asked of WebGPU, and the JavaScript. */
  readonly js?: ShapesResult;
  /** On the real device: the results. */
  readonly real?: ShapesResult;
  readonly failures: readonly string[];
}

/** Pipelines after all shapes, over those of the first three. */
const MAX_GROWTH = 1.1;
/** Bytes after all shapes, over those after half of them: the pool lets go of what is idle by and by. */
const MAX_MEMORY_GROWTH = 1.5;
/** Milliseconds of JavaScript that a new shape may take above a warm call. */
const MAX_EXTRA_MS = 5;

const COLUMNS: Column<ShapesRow>[] = [
  { title: 'program', cell: ({ program }) => program.name },
  { title: 'shapes', cell: ({ js }) => whole(js?.shapes.length) },
  { title: 'pipelines of 3', cell: ({ js }) => whole(js?.pipelinesOfThree) },
  { title: 'of all', cell: ({ js }) => whole(js?.pipelines) },
  { title: 'new: JS ms above warm', cell: ({ js }) => short(js?.extraMs.median) },
  { title: 'IQR', cell: ({ js }) => short(js?.extraMs.iqr) },
  { title: 'warm ms', cell: ({ js }) => short(js?.shapes.at(-1)?.warmMs) },
  { title: 'handed back', cell: ({ js }) => whole(js?.handedBack) },
  { title: 'MB at half', cell: ({ js }) => megabytes(js?.bytes[0]) },
  { title: 'at end', cell: ({ js }) => megabytes(js?.bytes[1]) },
  { title: 'from stock', cell: ({ real }) => scientific(real?.errors?.stock) },
  { title: 'from cpu', cell: ({ real }) => scientific(real?.errors?.cpu) },
];

export function formatRows(rows: readonly ShapesRow[]): string {
  return formatTable(COLUMNS, rows);
}

/** Each shape of a program that made pipelines: `+2 batch 1, tokens 17`. */
export function formatNewPipelines(rows: readonly ShapesRow[]): string {
  return rows
    .flatMap(({ program, js }) => {
      const made = js?.shapes.filter(({ pipelines }) => pipelines > 0) ?? [];
      const lines = made.map(({ sizes, pipelines }) => `  +${pipelines} ${describeSizes(sizes)}`);
      return lines.length > 0 ? [program.name, ...lines] : [];
    })
    .join('\n');
}

/** What a row does not meet. */
export function missesOf({ program, js, real, failures }: ShapesRow): string[] {
  const misses = [...failures];
  if (js) {
    if (js.pipelines > MAX_GROWTH * js.pipelinesOfThree) {
      misses.push(`${js.pipelines} pipelines, ${js.pipelinesOfThree} of the first three shapes`);
    }
    if (js.extraMs.median > MAX_EXTRA_MS) {
      misses.push(`${short(js.extraMs.median)} ms of JavaScript above a warm call for a new shape`);
    }
    const [half, all] = js.bytes;
    if (all > MAX_MEMORY_GROWTH * half) {
      misses.push(
        `${megabytes(all)} MB of buffers at the end, ${megabytes(half)} after half of the shapes`,
      );
    }
    if (js.handedBack > 0) misses.push(`${js.handedBack} handed back to tfjs`);
    if (js.leaked > 0) misses.push(`${js.leaked} tensors left behind`);
  }
  for (const [what, error] of Object.entries(real?.errors ?? {})) {
    if (!(error <= program.tolerance)) misses.push(`${scientific(error)} from ${what}`);
  }
  misses.push(...(real?.gpuErrors ?? []), ...(js?.gpuErrors ?? []));
  return misses.map((miss) => `${program.name}: ${miss}`);
}
