/**
 * The eager benchmark: code that is no graph model, on stock `webgpu` and on `webgpu-fused` with
 * laziness on, both in one process and in turn. Prints a table and what misses a criterion.
 */
import { writeFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { Command } from 'commander';
import { ensureGpu } from '../tools/gpu/ensure-gpu.mjs';
import { logger } from '../tools/support/process.mjs';
import { compareWorkload, SIDES, type Row } from './eager/compare';
import { registerCustomLayers } from './eager/custom-layers';
import { measurePeak } from './eager/peak';
import { formatRows, missesOf } from './eager/report';
import { selectWorkloads, workloads } from './eager/workloads';
import { prepareGpu, registerBackends, type Side } from './harness/backends';
import { GpuInstrument } from './harness/instrument/instrument';
import { formatProvenance, provenance } from './harness/provenance';

interface Options {
  reps: number;
  warmups: number;
  peak: boolean;
  json?: string;
  list?: boolean;
}

const log = logger('bench');

function parseOptions(): { names: string[]; options: Options } {
  const number = (text: string): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value > 0) return value;
    throw new Error(`"${text}" is not a positive whole number.`);
  };
  const command = new Command('bench:eager')
    .description('Eager programs on stock webgpu and on webgpu-fused, measured in turn.')
    .argument('[names...]', 'parts of the names of programs (default: all); see --list')
    .option('--reps <n>', 'timed runs of each side', number, 9)
    .option('--warmups <n>', 'runs before anything counts', number, 8)
    .option('--no-peak', 'leave out peak memory (a fresh process for each side)')
    .option('--json <file>', 'write everything that was measured')
    .option('--list', 'print the names of the programs')
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
  process.stdout.write(
    `${[formatProvenance(origin), formatRows(rows), `Verdict\n${verdict}`].join('\n\n')}\n`,
  );
  if (options.json) {
    writeFileSync(
      options.json,
      `${JSON.stringify({ provenance: origin, misses, rows }, null, 2)}\n`,
    );
  }
  process.exitCode = misses.length ? 1 : 0;
}

async function peaks(name: string): Promise<Record<Side, number>> {
  const bytes: Partial<Record<Side, number>> = {};
  for (const side of SIDES) bytes[side] = await measurePeak({ name, side });
  return bytes as Record<Side, number>;
}

try {
  await main();
} catch (error) {
  log(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
process.exit();
