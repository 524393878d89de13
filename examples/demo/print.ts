/** Prints the demo's results. */
import { formatDispatches, formatPlan } from '../../src/report';
import type { FusionReport } from '../../bench/harness/fused-api';

/** The progress that was shown last. */
let shown = '';

/** One line on standard output. */
export function say(line: string): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[2K');
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

/** What was fused in a model, and what was not, as a table. */
export function fusionText({ dispatches, regions, rewriteMs }: FusionReport): string {
  const { before, after } = dispatches;
  const lines = [
    `\n  fused: ${formatDispatches(after, before)}, rewritten in ${rewriteMs.toFixed(0)} ms`,
  ];
  regions.forEach(({ plan }, index) => {
    if (plan) lines.push(formatPlan(plan, { name: `region ${index + 1} of ${regions.length}` }));
  });
  return lines.join('\n');
}

/** What is being done, on stderr: in place on a terminal, a line each time it changes elsewhere. */
export function showProgress(text: string): void {
  const { isTTY } = process.stderr;
  if (isTTY) process.stderr.write(`\r\u001b[2K${text}`);
  else if (text !== shown) process.stderr.write(`${text}\n`);
  shown = text;
}
