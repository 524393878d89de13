/**
 * Tables and charts of plain records, for notebooks: Vega-Lite, which JupyterLab, VS Code and Colab draw, or
 * HTML; and text for everything else.
 */
import type { PlanRecord } from './record';

/** By this name Jupyter kernels ask a value how it is shown. */
const DISPLAY: unique symbol = Symbol.for('Jupyter.display');

/** What a notebook shows, by MIME type. */
export type Shown = Readonly<Record<string, string | object>>;

/** A value that notebooks show as a chart or a table, and terminals as text. */
export interface Display {
  readonly [DISPLAY]: () => Shown;
  /** The text. */
  toString(): string;
}

/** One row: a cell for each column. */
export type TableRow = Readonly<Record<string, string | number>>;

const VEGA_LITE = 'application/vnd.vegalite.v5+json';
const SCHEMA = 'https://vega.github.io/schema/vega-lite/v5.json';
const WIDTH = 560;

const display = (shown: Shown, text: string): Display => ({
  [DISPLAY]: () => ({ ...shown, 'text/plain': text }),
  toString: () => text,
});

/** A table; its columns are those of the first row. */
export function table(rows: readonly TableRow[]): Display {
  const columns = Object.keys(rows[0] ?? {});
  const cells = rows.map((row) => columns.map((column) => String(row[column] ?? '')));
  const tags = (list: readonly string[], tag: string): string =>
    `<tr>${list.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
  const html = [tags(columns, 'th'), ...cells.map((row) => tags(row, 'td'))].join('');
  const text = [columns, ...cells].map((row) => row.join(' | ')).join('\n');
  return display({ 'text/html': `<table>${html}</table>` }, text);
}

/**
 * A chart by a specification of [Vega-Lite](https://vega.github.io/vega-lite/).
 *
 * @param values its data.
 * @param text what is shown where nothing draws it.
 */
export function chart(spec: object, values: readonly TableRow[], text = ''): Display {
  const whole = { $schema: SCHEMA, width: WIDTH, data: { values }, ...spec };
  return display({ [VEGA_LITE]: whole }, text || table(values).toString());
}

/** Dispatches and megabytes, before and after. */
export function chartSavings({
  dispatches,
  bytes,
}: {
  readonly dispatches: { readonly before: number; readonly after: number };
  readonly bytes: { readonly before: number; readonly after: number };
}): Display {
  const sides = ['before', 'after'] as const;
  const values = sides.flatMap((side) => [
    { side, what: 'dispatches', value: dispatches[side] },
    { side, what: 'MB', value: toMegabytes(bytes[side]) },
  ]);
  return chart(
    {
      width: WIDTH / 2 - 40,
      facet: { column: { field: 'what', title: null, sort: null } },
      resolve: { scale: { x: 'independent' } },
      spec: {
        width: WIDTH / 2 - 40,
        mark: { type: 'bar', cornerRadiusEnd: 3 },
        encoding: {
          x: { field: 'value', type: 'quantitative', title: null },
          y: { field: 'side', type: 'nominal', title: null, sort: null },
          color: {
            field: 'side',
            type: 'nominal',
            legend: null,
            scale: { domain: sides, range: ['#9aa7bf', '#2f6fed'] },
          },
        },
      },
    },
    values,
  );
}

/** One bar a dispatch, in their order: the megabytes that it reads and writes, in the color of its family. */
export function chartKernels({ kernels }: Pick<PlanRecord, 'kernels'>): Display {
  const values = kernels.map(({ family, label, bytes, origins }, at) => ({
    ...{ dispatch: at + 1, family, computes: label },
    ...{ nodes: origins.length, MB: toMegabytes(bytes) },
  }));
  const counts = new Map<string, number>();
  for (const { family } of kernels) counts.set(family, (counts.get(family) ?? 0) + 1);
  const families = [...counts].map(([family, count]) => `${count} ${family}`).join(', ');
  return chart(
    {
      mark: { type: 'bar', tooltip: { content: 'data' } },
      encoding: {
        x: { field: 'dispatch', type: 'ordinal', axis: { labels: false, ticks: false } },
        y: { field: 'MB', type: 'quantitative', title: 'MB read and written' },
        color: { field: 'family', type: 'nominal', title: null },
      },
    },
    values,
    `${kernels.length} dispatches: ${families}`,
  );
}

/** Intermediates on the slabs that they share: from the dispatch that gives each to the last that reads it. */
export function chartLifetimes({ values, memory }: Pick<PlanRecord, 'values' | 'memory'>): Display {
  const starts = memory.slabs.map((_, at) =>
    memory.slabs.slice(0, at).reduce((sum, size) => sum + size, 0),
  );
  const lives = values.flatMap(({ name, bytes, place }) =>
    place
      ? [
          {
            ...{ name, slab: `slab ${place.slab + 1}` },
            ...{ from: place.first, to: place.last + 1 },
            low: toMegabytes(starts[place.slab] + place.offset),
            high: toMegabytes(starts[place.slab] + place.offset + bytes),
          },
        ]
      : [],
  );
  const [allocated, unshared] = [memory.allocated, memory.unshared].map(toMegabytes);
  return chart(
    {
      mark: { type: 'rect', tooltip: { content: 'data' }, stroke: 'white', strokeWidth: 0.5 },
      encoding: {
        x: { field: 'from', type: 'quantitative', title: 'dispatch' },
        x2: { field: 'to' },
        y: { field: 'low', type: 'quantitative', title: 'MB' },
        y2: { field: 'high' },
        color: { field: 'slab', type: 'nominal', title: null },
      },
    },
    lives,
    `${lives.length} intermediates on ${memory.slabs.length} slabs: ${allocated} MB, ${unshared} MB unshared`,
  );
}

/** Up to three digits after the point, so that equal plans have equal charts. */
const toMegabytes = (bytes: number): number => Number((bytes / 1e6).toFixed(3));

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
