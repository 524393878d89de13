/**
 * The eager benchmark: code that is no graph model, on stock `webgpu` and on `webgpu-fused` with
 * laziness on, both in one process and in turn. Prints a table and what misses a criterion.
 */
import * as tf from '@tensorflow/tfjs-core';
import { ensureGpu } from '../tools/gpu/ensure-gpu.mjs';
import { compareWorkload, SIDES, type Row } from './eager/compare';
import { registerCustomLayers } from './eager/custom-layers';
import { measurePeak } from './eager/peak';
import { formatFirstRuns, formatRows, missesOf } from './eager/report';
import { selectWorkloads, workloads } from './eager/workloads';
import { registerBackends, type Side } from './harness/backends';
import { prepareGpu } from './harness/prepare-gpu';
import {
  benchCommand,
  log,
  printSections,
  runBench,
  writeReport,
  type CommonOptions,
} from './harness/command';
import { GpuInstrument } from '../src/measure/instrument';
import { formatProvenance, provenance } from '../src/cli/provenance';

interface Options extends CommonOptions {
  peak: boolean;
}

function parseOptions(): { names: string[]; options: Options } {
  const command = benchCommand({
    name: 'bench:eager',
    description: 'Eager programs on stock webgpu and on webgpu-fused, measured in turn.',
    names: 'parts of the names of programs (default: all); see --list',
    reps: ['timed runs of each side', 9],
    warmups: ['runs before anything counts', 8],
  })
    .option('--no-peak', 'leave out peak memory (a fresh process for each side)')
    .parse();
  return { names: command.args, options: command.opts<Options>() };
}

async function main(): Promise<void> {
  const { names, options } = parseOptions();
  if (options.list) {
    for (const { name } of workloads) process.stdout.write(`${name}\n`);
    return;
  }
  const { adapter } = await ensureGpu();
  prepareGpu();
  const instrument = new GpuInstrument();
  instrument.install();
  const backends = await registerBackends('webgpu-fused');
  tf.env().set('WEBGPU_FUSED_LAZY', true);
  registerCustomLayers();

  const selected = selectWorkloads(names);
  const rows: Row[] = [];
  for (const [index, workload] of selected.entries()) {
    log(`${index + 1}/${selected.length} ${workload.name}`);
    let row: Row = { workload };
    try {
      row = await compareWorkload(workload, backends, instrument, options);
      if (options.peak) row.peakBytes = await peaks(workload.name);
    } catch (error) {
      row.failure = error instanceof Error ? error.message : String(error);
    }
    rows.push(row);
  }
  const misses = rows.flatMap((row) =>
    missesOf(row).map((miss) => `${row.workload.name}: ${miss}`),
  );
  const { reps, warmups } = options;
  const origin = provenance(adapter.description, { reps, warmups });
  const verdict = misses.length
    ? misses.map((miss) => `  ✕ ${miss}`).join('\n')
    : '  all criteria hold';
  const tables = [formatRows(rows), formatFirstRuns(rows)].filter((text) => text !== '');
  printSections([
    formatProvenance(origin),
    ...tables,
    `Verdict
${verdict}`,
  ]);
  writeReport(options.json, origin, { misses, rows });
  process.exitCode = misses.length ? 1 : 0;
}

async function peaks(name: string): Promise<Record<Side, number>> {
  const bytes: Partial<Record<Side, number>> = {};
  for (const side of SIDES) bytes[side] = await measurePeak({ name, side });
  return bytes as Record<Side, number>;
}

await runBench(main);
