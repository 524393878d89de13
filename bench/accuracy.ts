/**
 * The accuracy benchmark: normalisation, softmax, attention and GELU as exporters write them, on
 * stock `webgpu` and on `webgpu-fused`, judged by float64. Prints the errors of both.
 */
import * as tf from '@tensorflow/tfjs-core';
import { Command } from 'commander';
import { CASES } from '../test/support/accuracy/cases';
import { faultsOf, judge, type Judgement } from '../test/support/accuracy/judge';
import { ensureGpu } from '../tools/gpu/ensure-gpu.mjs';
import { registerBackends, useBackend } from './harness/backends';
import { log, printSections, runBench } from './harness/command';
import { takeGpuErrors } from '../src/measure/gpu-errors';
import { prepareGpu } from './harness/prepare-gpu';
import { formatProvenance, provenance } from '../src/cli/provenance';
import { summarize } from '../src/measure/statistics';

const HEADER = ['', '', 'stock: worst', 'median', 'fused: worst', 'median', 'fused is worst at'];

function formatError(ulps: number): string {
  return ulps < 1e4 ? ulps.toFixed(1) : ulps.toExponential(1);
}

function cellsOf({ entry, stock, fused }: Judgement): string[] {
  const errors = [stock, fused].flatMap((all) => [Math.max(...all), summarize([...all]).median]);
  const { name } = entry.parts[fused.indexOf(Math.max(...fused))];
  return [entry.form, entry.size, ...errors.map(formatError), name];
}

function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const isNumber = (column: number): boolean => column >= 2 && column <= 5;
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (isNumber(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}

async function main(): Promise<void> {
  const command = new Command('bench:accuracy')
    .description('Errors against float64 of stock webgpu and of webgpu-fused, in ulp.')
    .argument('[names...]', 'groups or forms that contain one of these (default: all)')
    .parse();
  const entries = Object.entries(CASES).flatMap(([group, cases]) =>
    cases.filter(
      ({ form }) =>
        command.args.length === 0 ||
        command.args.some((part) => `${group} ${form}`.toLowerCase().includes(part.toLowerCase())),
    ),
  );
  const { adapter, env } = await ensureGpu();
  Object.assign(process.env, env);
  prepareGpu();
  await registerBackends('webgpu-fused');
  // Stock would compute small inputs on the processor.
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  const judgements: Judgement[] = [];
  for (const entry of entries) {
    log(`${entry.form}, ${entry.size}`);
    judgements.push(await judge(entry, useBackend));
  }
  const faults = [...judgements.flatMap(faultsOf), ...takeGpuErrors()];
  printSections([
    formatProvenance(provenance(adapter.description, {})),
    'Errors in ulp of the largest element of each part, a row or a head.',
    formatTable([HEADER, ...judgements.map(cellsOf)]),
    faults.length > 0
      ? `Not met\n${faults.map((fault) => `  ${fault}`).join('\n')}`
      : 'No error is above stock’s and above rounding.',
  ]);
  if (faults.length > 0) process.exitCode = 1;
}

await runBench(main);
