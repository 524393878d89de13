/**
 * The benchmark of shapes: programs called with sizes that never come twice. How many pipelines do new
 * sizes cost, how much JavaScript, and are the answers stock's?
 */
import { ensureGpu } from '../tools/gpu/ensure-gpu.mjs';
import {
  benchCommand,
  log,
  positiveInteger,
  printSections,
  runBench,
  writeReport,
  type CommonOptions,
} from './harness/command';
import { formatProvenance, provenance } from '../src/cli/provenance';
import { runInChild } from './harness/spawn';
import { PROGRAMS } from './shapes/programs';
import type { ShapeProgram } from './shapes/program';
import { formatNewPipelines, formatRows, missesOf, type ShapesRow } from './shapes/report';
import type { ShapesResult, ShapesTask } from './shapes/task';

interface Options extends CommonOptions {
  seed: number;
  check: boolean;
  checks: number;
  cpu: number;
  timeout: number;
}

function parseOptions(): { names: string[]; options: Options } {
  const command = benchCommand({
    name: 'bench:shapes',
    description:
      'New input shapes: pipelines and JavaScript that they cost (on a device that computes nothing), ' +
      'and the distance of the answers from stock and cpu (on the real one).',
    names: 'parts of the names of programs (default: all); see --list',
    reps: ['shapes of each program', 100],
    warmups: ['warm calls with each shape', 3],
  })
    .option('--seed <n>', 'of the series of shapes', positiveInteger, 1)
    .option('--no-check', 'leave out what needs the real device: the answers')
    .option('--checks <n>', 'shapes whose answers are compared with stock', positiveInteger, 30)
    .option('--cpu <n>', 'of those, how many are compared with cpu as well', positiveInteger, 10)
    .option('--timeout <seconds>', 'for one process', positiveInteger, 1800)
    .parse();
  return { names: command.args, options: command.opts<Options>() };
}

async function measure(program: ShapeProgram, options: Options): Promise<ShapesRow> {
  const { reps, warmups, seed, timeout, checks, cpu } = options;
  const failures: string[] = [];
  const run = async (settings: Partial<ShapesTask>): Promise<ShapesResult | undefined> => {
    const task: ShapesTask = {
      ...{ kind: 'shapes', program: program.name, device: 'null', seed },
      ...{ count: reps, warmCalls: warmups, cpuChecks: 0, ...settings },
    };
    const onProgress = (step: string): void =>
      log(`${program.name}, ${task.device} device: ${step}`);
    try {
      return await runInChild(task, { timeoutMs: timeout * 1000, onProgress });
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  };
  const js = await run({});
  const real = options.check
    ? await run({ device: 'real', count: checks, warmCalls: 1, cpuChecks: cpu })
    : undefined;
  return { program, js, real, failures };
}

async function main(): Promise<void> {
  const { names, options } = parseOptions();
  const chosen = PROGRAMS.filter(
    ({ name }) => names.length === 0 || names.some((part) => name.includes(part)),
  );
  if (options.list) {
    printSections([chosen.map(({ name }) => name).join('\n')]);
    return;
  }
  const { adapter, env } = await ensureGpu();
  Object.assign(process.env, env);
  const { reps, warmups, seed } = options;
  const origin = provenance(`Dawn's null device; ${adapter.description}`, { reps, warmups, seed });
  const rows: ShapesRow[] = [];
  for (const program of chosen) rows.push(await measure(program, options));
  const misses = rows.flatMap(missesOf);
  const added = formatNewPipelines(rows);
  printSections([
    formatProvenance(origin),
    formatRows(rows),
    added === '' ? '' : `Shapes that made pipelines\n${added}`,
    misses.length
      ? `Not met\n${misses.map((miss) => `  ${miss}`).join('\n')}`
      : 'All criteria hold.',
  ]);
  writeReport(options.json, origin, { misses, rows });
  process.exitCode = misses.length ? 1 : 0;
}

await runBench(main);
