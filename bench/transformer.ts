/**
 * The transformer benchmark: blocks in the forms of five exporters, and dense chains, on stock
 * `webgpu` and on `webgpu-fused` in turn. Prints dispatches, bytes, errors and the ratio of times.
 */
import { Command } from 'commander';
import { ensureGpu } from '../tools/gpu/ensure-gpu.mjs';
import { logger } from '../tools/support/process.mjs';
import { registerBackends, STOCK } from './harness/backends';
import { takeGpuErrors } from './harness/gpu-errors';
import { prepareGpu } from './harness/prepare-gpu';
import { GpuInstrument } from './harness/instrument/instrument';
import { formatProvenance, provenance } from './harness/provenance';
import { summarize } from './harness/statistics';
import { CASES, type TransformerCase } from './transformer/cases';
import { CaseSession } from './transformer/session';

interface Row {
  readonly name: string;
  readonly cells: readonly string[];
  readonly problem: string | null;
}

interface Settings {
  readonly reps: number;
  readonly warmups: number;
}

const HEADER = ['dispatches', 'stock', 'MB', 'stock', 'error', 'stock', 'ms', 'stock', 'ratio'];
/** Errors up to this, relative to the largest element, are rounding whoever makes them. */
const ROUNDING = 1e-6;

const log = logger('bench');

/** Largest difference, relative to the largest element. */
function errorOf(actual: Float32Array, expected: Float32Array): number {
  let difference = 0;
  let largest = 0;
  expected.forEach((value, i) => {
    difference = Math.max(difference, Math.abs(value - actual[i]));
    largest = Math.max(largest, Math.abs(value));
  });
  return difference / largest;
}

async function measure(
  entry: TransformerCase,
  { reps, warmups }: Settings,
  instrument: GpuInstrument,
  candidate: string,
): Promise<Row> {
  const reference = await CaseSession.open(entry, 'cpu');
  const expected = await reference.run();
  reference.dispose();
  const sides = [await CaseSession.open(entry, candidate), await CaseSession.open(entry, STOCK)];
  const errors: number[] = [];
  for (const side of sides) {
    errors.push(errorOf(await side.run(), expected));
    for (let i = 0; i < warmups; i++) await side.run();
  }
  const costs = [await sides[0].cost(instrument), await sides[1].cost(instrument)];
  const times: number[][] = [[], []];
  for (let rep = 0; rep < reps; rep++) {
    for (const side of rep % 2 ? [1, 0] : [0, 1]) times[side].push(await sides[side].time());
  }
  for (const side of sides) side.dispose();
  const ratio = summarize(times[1].map((stock, rep) => stock / times[0][rep])).median;
  const problems = [
    ...(costs[0].dispatches > entry.dispatches
      ? [`${costs[0].dispatches} dispatches, at most ${entry.dispatches} are allowed`]
      : []),
    ...(errors[0] > Math.max(ROUNDING, 2 * errors[1]) ? ['its error is above stock’s'] : []),
    ...takeGpuErrors(),
  ];
  return {
    name: entry.name,
    cells: [
      ...costs.map(({ dispatches }) => String(dispatches)),
      ...costs.map(({ megabytes }) => megabytes.toFixed(1)),
      ...errors.map((error) => error.toExponential(1)),
      ...times.map((samples) => summarize(samples).median.toFixed(1)),
      `${ratio.toFixed(2)}×`,
    ],
    problem: problems.length > 0 ? problems.join('; ') : null,
  };
}

function formatRows(rows: readonly Row[]): string {
  const lines = [['', ...HEADER], ...rows.map(({ name, cells }) => [name, ...cells])];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) =>
      line.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  '),
    )
    .join('\n');
}

async function main(): Promise<void> {
  const command = new Command('bench:transformer')
    .description(
      'Transformer blocks and dense chains on stock webgpu and on webgpu-fused, in turn.',
    )
    .argument('[names...]', 'cases that contain one of these (default: all)')
    .option('--reps <n>', 'timed runs of each side', Number, 9)
    .option('--warmups <n>', 'runs before anything counts', Number, 5)
    .parse();
  const settings = command.opts<Settings>();
  const entries = CASES.filter(
    ({ name }) => command.args.length === 0 || command.args.some((part) => name.includes(part)),
  );
  const { adapter, env } = await ensureGpu();
  Object.assign(process.env, env);
  prepareGpu();
  const instrument = new GpuInstrument();
  instrument.install();
  const { candidate } = await registerBackends('webgpu-fused');
  const origin = formatProvenance(provenance(adapter.description, { ...settings }));
  const rows: Row[] = [];
  for (const entry of entries) {
    log(entry.name);
    rows.push(await measure(entry, settings, instrument, candidate));
  }
  const problems = rows.flatMap(({ name, problem }) => (problem ? [`  ${name}: ${problem}`] : []));
  const verdict = problems.length ? `Not met\n${problems.join('\n')}` : 'Every limit is kept.';
  process.stdout.write(`${origin}\n\n${formatRows(rows)}\n\n${verdict}\n`);
  process.exit(problems.length ? 1 : 0);
}

await main();
