/** Readable tables of plain records, for the console. */
import type { ChoiceRecord, PlanRecord, RefusalRecord } from './record';

/** What a report speaks of: one model, or one flush of eager kernels. */
export interface ReportSubject {
  readonly name: string;
  /** Kernels that the unfused ops would take: an estimate, where there is one. */
  readonly before?: number;
}

/** Lines of refusals that a table shows unless more are asked for. */
const MAX_REFUSALS = 12;

/** Longest name of a node that is shown whole; of longer ones, the end. */
const MAX_NAME = 32;

/** Kernels of a plan, equal ones counted, as a table: how often, family, what was fused. */
export function formatPlan(plan: PlanRecord, { name, before }: ReportSubject): string {
  const rows = countBy(plan.kernels, ({ family, label }) => `${family}\t${label}`).map(
    ([key, kernels]) => {
      const [family, label] = key.split('\t');
      const bytes = kernels.reduce((sum, kernel) => sum + kernel.bytes, 0);
      return [`${kernels.length}×`, family, label, formatBytes(bytes)];
    },
  );
  const dispatches = formatDispatches(plan.dispatches, before);
  const lines = [
    `[webgpu-fused] ${name}: ${dispatches}, ${formatBytes(plan.bytes)} through memory`,
    ...alignColumns(rows).map((row) => `  ${row}`),
    `  ${formatCapture(plan)}`,
  ];
  if (plan.refused.length > 0) {
    lines.push('  not fused, because:', ...formatRefusals(plan.refused).map((row) => `    ${row}`));
  }
  return lines.join('\n');
}

/** What a plan keeps between its runs, and what a run has left to do. */
export function formatCapture({ dispatches, capture, memory }: PlanRecord): string {
  const { kept, submits } = capture;
  const shared = `${formatBytes(memory.allocated)} of intermediates (${formatBytes(memory.unshared)} unshared)`;
  return (
    `kept between calls: ${kept} of ${dispatches} bind groups, all uniforms, ${shared}; ` +
    `${submits} ${submits === 1 ? 'submit' : 'submits'} a call`
  );
}

/** Every kernel of a plan with the way it is computed in, and the model nodes it computes. */
export function formatKernels(plan: PlanRecord): string {
  return plan.kernels
    .map(({ label, family, origins, choice }, i) =>
      [
        `  ${i} ${family}: ${label}`,
        ...(choice ? [`      ${formatChoice(choice)}`] : []),
        `      ${origins.join(' ')}`,
      ].join('\n'),
    )
    .join('\n');
}

/** Which way a kernel is computed in, and why. */
export function formatChoice({ candidate, by, candidates, times }: ChoiceRecord): string {
  const why = {
    table: () => `by the table, of ${candidates}`,
    forced: () => 'forced',
    tuned: () =>
      `tuned: ${Object.entries(times ?? {})
        .map(([name, microseconds]) => `${name} ${microseconds} µs`)
        .join(', ')}`,
  }[by]();
  return `${candidate} (${why})`;
}

/** How many dispatches there are, and of how many kernels (an estimate) they were made. */
export function formatDispatches(after: number, before?: number): string {
  const from = before === undefined ? '' : `about ${before} kernels as single ops → `;
  return `${from}${after} ${after === 1 ? 'dispatch' : 'dispatches'}`;
}

/**
 * Refusals, most frequent first. Those that differ only in the names of nodes are one line, with one
 * of the names as an example.
 *
 * @param limit lines to show; one more says how many refusals those are that it leaves out.
 */
export function formatRefusals(refused: readonly RefusalRecord[], limit = MAX_REFUSALS): string[] {
  const groups = countBy(refused, ({ rule, reason }) => `${rule}\t${withoutNames(reason)}`);
  groups.sort(([, a], [, b]) => b.length - a.length);
  const rows = groups
    .slice(0, limit)
    .map(([, same]) => [`${same.length}×`, same[0].rule, commonReason(same)]);
  const more = groups.slice(limit).reduce((sum, [, same]) => sum + same.length, 0);
  return [...alignColumns(rows), ...(more > 0 ? [`… and ${more} more`] : [])];
}

/** Values (`%7`), nodes behind their kernels (`Add (block/add)`), and paths. */
const NAME = /%\d+|\([^\s()]+\)|[^\s(),]+\/[^\s(),]+/g;

/** A reason with each name as `write` gives it, parentheses kept. */
function rename(reason: string, write: (name: string) => string): string {
  return reason.replace(NAME, (name) =>
    name.startsWith('(') ? `(${write(name.slice(1, -1))})` : write(name),
  );
}

function withoutNames(reason: string): string {
  return rename(reason, () => '…');
}

/** A reason that refusals share, but for names. */
function commonReason(same: readonly RefusalRecord[]): string {
  const [{ reason, nodes }] = same;
  if (same.every((other) => other.reason === reason)) return rename(reason, shortName);
  const names: string[] = [];
  const common = rename(reason, (name) => {
    if (!name.startsWith('%')) names.push(name);
    return '…';
  });
  const example = names[0] ?? nodes[0];
  return example === undefined ? common : `${common}; e.g. ${shortName(example)}`;
}

/** The last segments of a name that is long; names of values mean nothing to a reader. */
function shortName(name: string): string {
  if (name.startsWith('%')) return '…';
  if (name.length <= MAX_NAME) return name;
  const start = name.indexOf('/', name.length - MAX_NAME);
  return `…${start < 0 ? name.slice(-MAX_NAME) : name.slice(start)}`;
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
