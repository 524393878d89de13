/**
 * The capture benchmark: what a warm call costs in JavaScript and in memory, on stock `webgpu` and
 * on `webgpu-fused` with fusion and capture on and off. Each model in a process of its own.
 */
import { ensureGpu } from '../tools/gpu/ensure-gpu.mjs';
import { ONE_DISPATCH } from './capture/one-dispatch';
import type { CaptureRow } from './capture/row';
import { formatCaptureTables } from './capture/tables';
import { judgeCapture } from './capture/verdict';
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
import { locateModel } from './models/artifacts';
import { selectModels } from './models/zoo';

interface Options extends CommonOptions {
  wall: boolean;
  wallReps: number;
  timeout: number;
}

function parseOptions(): { names: string[]; options: Options } {
  const command = benchCommand({
    name: 'bench:capture',
    description:
      'The cost of a warm call in JavaScript (on a device that computes nothing) and in memory.',
    names: `models (default: every graph model, and "${ONE_DISPATCH.name}")`,
    reps: ['timed series of ten calls of each variant', 15],
    warmups: ['runs of each variant before anything counts', 60],
  })
    .option('--no-wall', 'leave out what needs the real device: wall times, warm-up')
    .option('--wall-reps <n>', 'timed runs of each variant on the real device', positiveInteger, 5)
    .option('--timeout <seconds>', 'for one process', positiveInteger, 1800)
    .parse();
  return { names: command.args, options: command.opts<Options>() };
}

async function measure(model: string, options: Options, label: string): Promise<CaptureRow> {
  const row: CaptureRow = { model, problems: [] };
  const timeoutMs = options.timeout * 1000;
  const attempt = async <T>(what: string, run: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await run();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      row.problems.push(`${model}, ${what}: ${reason.split('\n')[0]}`);
      return undefined;
    }
  };
  const measureOn = (device: 'null' | 'real', warmups: number, reps: number) =>
    attempt(`${device} device`, () =>
      runInChild(
        { kind: 'capture', model, device, warmups, reps },
        { timeoutMs, onProgress: (step) => log(`${label}, ${device} device: ${step}`) },
      ),
    );
  row.js = await measureOn('null', options.warmups, options.reps);
  if (!options.wall) return row;
  row.wall = await measureOn('real', 3, options.wallReps);
  log(`${label}: warm-up`);
  row.warmup = await attempt('warm-up', () =>
    runInChild({ kind: 'warmup', model, device: 'real' }, { timeoutMs, coldShaderCache: true }),
  );
  return row;
}

function failuresOf({ model, js = [], wall = [] }: CaptureRow): string[] {
  const failed = [...js, ...wall].filter(({ failure }) => failure);
  return failed.map(
    ({ variant, failure }) => `${model}, ${variant}: WebGPU reported ${failure?.split('\n')[0]}`,
  );
}

async function main(): Promise<void> {
  const { names, options } = parseOptions();
  const only = names.filter((name) => name !== ONE_DISPATCH.name);
  const entries = names.length && !only.length ? [] : selectModels(only);
  const skipped = entries.filter(({ stockFails }) => stockFails);
  const models = entries.filter((entry) => !skipped.includes(entry));
  const all = [...models.map(({ name }) => name), ONE_DISPATCH.name];
  if (options.list) {
    printSections([all.join('\n')]);
    return;
  }
  for (const entry of models) await locateModel(entry);
  const { adapter, env } = await ensureGpu();
  Object.assign(process.env, env);
  const origin = provenance(`Dawn's null device; ${adapter.description}`, { ...options });
  const rows: CaptureRow[] = [];
  for (const [index, name] of all.entries()) {
    rows.push(await measure(name, options, `${index + 1}/${all.length} ${name}`));
  }
  const problems = [
    ...rows.flatMap((row) => [...row.problems, ...failuresOf(row)]),
    ...skipped.map(({ name, stockFails }) => `${name}: stock does not run (${stockFails})`),
  ];
  const verdicts = judgeCapture(rows);
  printSections([
    formatProvenance(origin),
    formatCaptureTables(rows),
    problems.length ? `Notes\n${problems.map((problem) => `  ${problem}`).join('\n')}` : '',
    `Verdict\n${verdicts.join('\n')}`,
  ]);
  writeReport(options.json, origin, { verdicts, rows });
}

await runBench(main);
