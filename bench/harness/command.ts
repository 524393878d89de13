/** What the commands of all benchmarks share: their options, and how they report and fail. */
import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { logger } from '../../tools/support/process.mjs';
import type { Provenance } from '../../src/cli/provenance';

/** The options that every benchmark has. */
export interface CommonOptions {
  reps: number;
  warmups: number;
  json?: string;
  list?: boolean;
}

interface CommandText {
  readonly name: string;
  readonly description: string;
  /** What the positional arguments are, if there are any. */
  readonly names?: string;
  /** What is repeated, and how often by default. */
  readonly reps: readonly [what: string, count: number];
  readonly warmups?: readonly [what: string, count: number];
}

/** Progress of a benchmark, on stderr. */
export const log = logger('bench');

/** Parses a count, such as `--reps 9`. */
export function positiveInteger(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It is not a positive whole number.');
}

/** A command with the common options; each benchmark adds its own. */
export function benchCommand({ name, description, names, reps, warmups }: CommandText): Command {
  const command = new Command(name).description(description);
  if (names) command.argument('[names...]', names);
  command.option('--reps <n>', reps[0], positiveInteger, reps[1]);
  if (warmups) command.option('--warmups <n>', warmups[0], positiveInteger, warmups[1]);
  return command
    .option('--json <file>', 'write everything that was measured')
    .option('--list', 'print the names and stop');
}

/** Prints sections, empty ones left out, with a blank line between. */
export function printSections(sections: readonly string[]): void {
  process.stdout.write(`${sections.filter(Boolean).join('\n\n')}\n`);
}

/** Writes what was measured, with where it comes from, when a file was asked for. */
export function writeReport(file: string | undefined, origin: Provenance, report: object): void {
  if (file === undefined) return;
  writeFileSync(file, `${JSON.stringify({ provenance: origin, ...report }, null, 2)}\n`);
}

/** Runs a benchmark and ends the process; an error is one line, and exit code 1. */
export async function runBench(main: () => Promise<void>): Promise<never> {
  try {
    await main();
  } catch (error) {
    log(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
  // On purpose: WebGPU in Node keeps a timer alive.
  process.exit();
}
