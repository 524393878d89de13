/**
 * The benchmark of first calls: what a page waits for. Each in a fresh process, the sides in turn; on Dawn's null
 * device for the JavaScript, and on the real one with empty shader caches for the rest.
 */
import { Option } from 'commander';
import { ensureGpu } from '../tools/gpu/ensure-gpu.mjs';
import { formatProvenance, provenance } from '../src/cli/provenance';
import type { Side } from './harness/backends';
import {
  formatRows,
  meanOf,
  missesOf,
  FIGURES,
  type FirstRow,
  type FirstRuns,
} from './first/report';
import {
  benchCommand,
  log,
  positiveInteger,
  printSections,
  runBench,
  writeReport,
  type CommonOptions,
} from './harness/command';
import { runInChild } from './harness/spawn';
import type { WarmupResult } from './capture/warmup';
import type { FirstResult, FirstTask } from './harness/tasks/protocol';
import { locateModel } from './models/artifacts';
import type { ModelEntry } from './models/types';
import { selectModels } from './models/zoo';

type Device = FirstTask['device'];

interface Options extends CommonOptions {
  device: Device | 'both';
  timeout: number;
}

function parseOptions(): { names: string[]; options: Options } {
  const command = benchCommand({
    name: 'bench:first',
    description:
      'First calls in fresh processes, stock webgpu and webgpu-fused in turn: JavaScript on a device that ' +
      'computes nothing; wall time, CPU time and pipelines on the real one, with empty shader caches. And how ' +
      'long a page stands still while ours warms up.',
    names: 'models (default: every graph model that stock runs); see --list',
    reps: ['fresh processes for each side and device', 5],
  })
    .addOption(
      new Option('--device <which>', 'leave out what the other device tells')
        .choices(['null', 'real', 'both'])
        .default('both'),
    )
    .option('--timeout <seconds>', 'for one process', positiveInteger, 1800)
    .parse();
  return { names: command.args, options: command.opts<Options>() };
}

async function measure(entry: ModelEntry, options: Options): Promise<FirstRow> {
  const failures: string[] = [];
  const on = async (device: Device): Promise<FirstRuns | undefined> => {
    if (options.device !== 'both' && options.device !== device) return undefined;
    try {
      return await measureOn(entry, device, options);
    } catch (error) {
      failures.push(`${device} device: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  };
  await locateModel(entry);
  const [js, real] = [await on('null'), await on('real')];
  return { model: entry.name, js, real, failures };
}

async function measureOn(
  { name }: ModelEntry,
  device: Device,
  { reps, timeout }: Options,
): Promise<FirstRuns> {
  const runs: { [side in Side]: FirstResult[] } & { warmups: WarmupResult[] } = {
    ...{ stock: [], candidate: [], warmups: [] },
  };
  for (let rep = 0; rep < reps; rep++) {
    const sides: Side[] = ['stock', 'candidate'];
    if (rep % 2 === 1) sides.reverse();
    for (const side of sides) {
      log(`${name}, ${device} device: ${side} (${rep + 1}/${reps})`);
      const task: FirstTask = {
        ...{
          kind: 'first',
          model: name,
          candidate: 'webgpu-fused',
          side,
          seed: 1,
          device,
          runs: 2,
        },
      };
      const settings = { timeoutMs: timeout * 1000, coldShaderCache: true };
      runs[side].push(await runInChild(task, settings));
    }
  }
  for (let rep = 0; rep < reps; rep++) {
    log(`${name}, ${device} device: warm-up (${rep + 1}/${reps})`);
    const settings = { timeoutMs: timeout * 1000, coldShaderCache: true };
    runs.warmups.push(await runInChild({ kind: 'warmup', model: name, device }, settings));
  }
  return runs;
}

async function main(): Promise<void> {
  const { names, options } = parseOptions();
  const entries = selectModels(names).filter(({ stockFails, topologyOnly }) => {
    return stockFails === undefined && topologyOnly !== true;
  });
  if (options.list) {
    printSections([entries.map(({ name }) => name).join('\n')]);
    return;
  }
  const { adapter, env } = await ensureGpu();
  Object.assign(process.env, env);
  const { reps, device } = options;
  const origin = provenance(`Dawn's null device; ${adapter.description}`, { reps, device });
  const rows: FirstRow[] = [];
  for (const entry of entries) rows.push(await measure(entry, options));
  const misses = missesOf(rows);
  printSections([
    formatProvenance(origin),
    formatRows(rows),
    misses.length
      ? `Not met\n${misses.map((miss) => `  ${miss}`).join('\n')}`
      : 'All criteria hold.',
  ]);
  const means = Object.fromEntries(FIGURES.map((figure) => [figure.name, meanOf(figure, rows)]));
  writeReport(options.json, origin, { means, misses, rows });
  process.exitCode = misses.length ? 1 : 0;
}

await runBench(main);
