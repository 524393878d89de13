/** Prints the demo's results. */
import type { FusionReport } from '../../bench/harness/fused-api';

/** One line on standard output. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A titled list of lines. */
export interface TextBlock {
  title: string;
  lines: string[];
}

/** Two blocks beside each other; `=` between lines that are equal, `≠` between others. */
export function printSideBySide(left: TextBlock, right: TextBlock): void {
  const width = Math.max(left.title.length, ...left.lines.map((line) => line.length));
  const row = (a: string, mark: string, b: string): void =>
    say(`  ${a.padEnd(width)}  ${mark}  ${b}`.trimEnd());
  row(left.title, ' ', right.title);
  for (let index = 0; index < Math.max(left.lines.length, right.lines.length); index++) {
    const [a = '', b = ''] = [left.lines[index], right.lines[index]];
    row(a, a === b ? '=' : '≠', b);
  }
  if (left.lines.length + right.lines.length === 0) say('  nothing found');
}

/** What was fused in a model, by rule, and what was not, by reason. */
export function printFusion({ dispatches, groups, refused, rewriteMs }: FusionReport): void {
  const { before, after } = dispatches;
  say(`\n  fused: ${before} → ${after} dispatches, rewritten in ${rewriteMs.toFixed(0)} ms`);
  for (const [rule, count] of countBy(groups, 'rule'))
    say(`  ${String(count).padStart(5)} × ${rule}`);
  if (refused.length) say('  not fused, because');
  for (const [why, count] of countBy(refused, 'reason'))
    say(`  ${String(count).padStart(5)} × ${why}`);
}

/** How often each value of a field occurs, most frequent first. */
function countBy(records: readonly unknown[], field: string): [value: string, count: number][] {
  const counts = new Map<string, number>();
  for (const record of records) {
    const value = String((record as Record<string, unknown>)[field] ?? 'unnamed');
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a);
}
