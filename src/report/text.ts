/** Readable tables of plain records, for the console. */
import type { PlanRecord, RefusalRecord } from './record';

/** What a report speaks of: one model, or one flush of eager kernels. */
export interface ReportSubject {
  readonly name: string;
  /** Dispatches that the unfused kernels would take, where that is known. */
  readonly before?: number;
}

/** Kernels of a plan, equal ones counted, as a table: how often, family, what was fused. */
export function formatPlan(plan: PlanRecord, { name, before }: ReportSubject): string {
  const rows = countBy(plan.kernels, ({ family, label }) => `${family}\t${label}`).map(
    ([key, kernels]) => {
      const [family, label] = key.split('\t');
      const bytes = kernels.reduce((sum, kernel) => sum + kernel.bytes, 0);
      return [`${kernels.length}×`, family, label, formatBytes(bytes)];
    },
  );
  const from = before === undefined ? '' : `${before} → `;
  const lines = [
    `[webgpu-fused] ${name}: ${from}${plan.dispatches} dispatches, ${formatBytes(plan.bytes)} through memory`,
    ...alignColumns(rows).map((row) => `  ${row}`),
  ];
  if (plan.refused.length > 0) {
    lines.push('  not fused, because:', ...formatRefusals(plan.refused).map((row) => `    ${row}`));
  }
  return lines.join('\n');
}

/** Every kernel of a plan with the model nodes it computes. */
export function formatKernels(plan: PlanRecord): string {
  return plan.kernels
    .map(
      ({ label, family, origins }, i) => `  ${i} ${family}: ${label}\n      ${origins.join(' ')}`,
    )
    .join('\n');
}

/** Refusals, equal reasons counted, most frequent first. */
export function formatRefusals(refused: readonly RefusalRecord[]): string[] {
  // Names of values are particular to one node; reasons are compared without them.
  const byReason = countBy(
    refused,
    ({ rule, reason }) => `${rule}\t${reason.replace(/%\d+/g, '…')}`,
  );
  const rows = byReason
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([key, same]) => [`${same.length}×`, ...key.split('\t')]);
  return alignColumns(rows);
}

export function formatBytes(bytes: number): string {
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups];
}

function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column].length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padStart(widths[0]) : cell.padEnd(widths[column]),
      )
      .join('  ')
      .trimEnd(),
  );
}
