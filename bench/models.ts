/**
 * The model benchmark: real models on stock `webgpu` and on `webgpu-fused`, each model in a process
 * of its own, both backends in turn. Prints tables and a verdict per criterion.
 */
import { Option } from 'commander';
import { ensureGpu } from '../tools/gpu/ensure-gpu.mjs';
import { CANDIDATES, type Candidate } from './harness/backends';
import {
  benchCommand,
  log,
  positiveInteger,
  printSections,
  runBench,
  writeReport,
  type CommonOptions,
} from './harness/command';
import { measureModel, type MeasureSettings } from './harness/measure';
import { formatProvenance, provenance } from '../src/cli/provenance';
import { problemsOf, type ModelRow } from './harness/report/row';
import { formatTables, meansOf } from './harness/report/tables';
import { formatVerdicts, judge } from './harness/report/verdict';
import { selectModels, ZOO } from './models/zoo';

interface Options extends CommonOptions {
  leakRuns: number;
  seeds: number;
  first: boolean;
  firstReps: number;
  timeout: number;
  candidate: Candidate;
}

function parseOptions(): { names: string[]; options: Options } {
  const command = benchCommand({
    name: 'bench:models',
    description: 'Real models on stock webgpu and on webgpu-fused, measured in turn.',
    names: 'models (default: every graph model); see --list',
    reps: ['timed runs of each side', 9],
    warmups: ['runs before anything counts', 8],
  })
    .option('--leak-runs <n>', 'runs over which nothing may grow', positiveInteger, 50)
    .option('--seeds <n>', 'sets of inputs compared with cpu', positiveInteger, 2)
    .option('--no-first', 'leave out first inferences and peak memory (fresh processes)')
    .option('--first-reps <n>', 'fresh processes for each side', positiveInteger, 3)
    .option('--timeout <seconds>', 'for one process', positiveInteger, 1800)
    .addOption(
      new Option('--candidate <backend>', 'webgpu: stock against itself, to see the noise')
        .choices(CANDIDATES)
        .default('webgpu-fused'),
    )
    .parse();
  return { names: command.args, options: command.opts<Options>() };
}

async function main(): Promise<void> {
  const { names, options } = parseOptions();
  if (options.list) {
    for (const { name, format, topologyOnly } of ZOO) {
      process.stdout.write(`${name} (${format}${topologyOnly ? ', rewriting time only' : ''})\n`);
    }
    return;
  }
  const entries = selectModels(names);
  const { adapter, env } = await ensureGpu();
  Object.assign(process.env, env);
  const { json, timeout, first, firstReps, ...rest } = options;
  const settings: MeasureSettings = {
    ...rest,
    firstReps: first ? firstReps : 0,
    timeoutMs: timeout * 1000,
  };
  const origin = provenance(adapter.description, { ...settings });

  const rows: ModelRow[] = [];
  for (const [index, entry] of entries.entries()) {
    const label = `${index + 1}/${entries.length} ${entry.name}`;
    rows.push(await measureModel(entry, settings, (step) => log(`${label}: ${step}`)));
  }
  const verdicts = judge(rows);
  const problems = rows.flatMap((row) =>
    problemsOf(row).map((problem) => `${row.entry.name}: ${problem}`),
  );
  printSections([
    formatProvenance(origin),
    formatTables(rows),
    problems.length ? `Notes\n${problems.map((problem) => `  ${problem}`).join('\n')}` : '',
    `Verdict\n${formatVerdicts(verdicts)}`,
  ]);
  writeReport(json, origin, { means: meansOf(rows), verdicts, rows });
}

await runBench(main);
