/** Numbers and tables as text. */

/** What a cell shows when there is nothing to show. */
export const NOTHING = '–';

/** Three significant digits, without an exponent. */
export function short(value: number | undefined): string {
  if (value === undefined) return NOTHING;
  if (!Number.isFinite(value)) return String(value);
  const magnitude = Math.abs(value);
  return value.toFixed(magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : 2);
}

/** An error such as `3.8e-7`. */
export function scientific(value: number | undefined): string {
  if (value === undefined) return NOTHING;
  return value === 0 ? '0' : value.toExponential(1);
}

/** Millions of bytes. */
export function megabytes(bytes: number | undefined): string {
  return short(bytes === undefined ? undefined : bytes / 1e6);
}

/** A whole number. */
export function whole(value: number | undefined): string {
  return value === undefined ? NOTHING : String(value);
}

/** A column of a table. */
export interface Column<Row> {
  title: string;
  cell(row: Row): string;
}

/** A table in text: the first column to the left, the others to the right. */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ cell }) => cell(row))),
  ];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index].length)));
  const lines = cells.map((line) =>
    line
      .map((text, index) => (index ? text.padStart(widths[index]) : text.padEnd(widths[index])))
      .join('  ')
      .trimEnd(),
  );
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}
