/**
 * The benchmark of models that keep a GPU busy: ResNet-50 and layers of BERT-base's size, weights from
 * a seed, on stock `webgpu` and on `webgpu-fused`, in turn.
 */
import { ensureGpu } from '../tools/gpu/ensure-gpu.mjs';
import { eagerBert, graphBert } from './busy/bert';
import { eagerResnet } from './busy/eager-resnet';
import { graphResnet } from './busy/graph-resnet';
import { type Program, workloadOf } from './busy/program';
import { compareWorkload, type Row } from './eager/compare';
import { formatRows, missesOf } from './eager/report';
import { registerBackends } from './harness/backends';
import {
  benchCommand,
  log,
  printSections,
  runBench,
  writeReport,
  type CommonOptions,
} from './harness/command';
import { GpuInstrument } from '../src/measure/instrument';
import { prepareGpu } from './harness/prepare-gpu';
import { formatProvenance, provenance } from '../src/cli/provenance';

const PROGRAMS: readonly Program[] = [
  ...[1, 8].flatMap((batch) => [eagerResnet(batch), graphResnet(batch)]),
  ...[128, 512].flatMap((tokens) => [eagerBert(tokens), graphBert(tokens)]),
];

function parseOptions(): { names: string[]; options: CommonOptions } {
  const command = benchCommand({
    name: 'bench:busy',
    description: 'Models that keep a GPU busy, on stock webgpu and on webgpu-fused, in turn.',
    names: 'parts of the names of models (default: all); see --list',
    reps: ['timed runs of each side', 15],
    warmups: ['runs before anything counts', 6],
  }).parse();
  return { names: command.args, options: command.opts<CommonOptions>() };
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
  prepareGpu();
  const instrument = new GpuInstrument();
  instrument.install();
  const backends = await registerBackends('webgpu-fused');
  const { reps, warmups } = options;
  const origin = provenance(adapter.description, { reps, warmups });
  const rows: Row[] = [];
  for (const [index, program] of chosen.entries()) {
    log(`${index + 1}/${chosen.length} ${program.name}`);
    const workload = workloadOf(program);
    let row: Row = { workload };
    try {
      row = await compareWorkload(workload, backends, instrument, options);
    } catch (error) {
      row.failure = error instanceof Error ? error.message : String(error);
    }
    rows.push(row);
  }
  const misses = rows.flatMap((row) =>
    missesOf(row).map((miss) => `${row.workload.name}: ${miss}`),
  );
  printSections([
    formatProvenance(origin),
    formatRows(rows),
    misses.length
      ? `Not met\n${misses.map((miss) => `  ${miss}`).join('\n')}`
      : 'All criteria hold.',
  ]);
  writeReport(options.json, origin, { misses, rows });
  process.exitCode = misses.length ? 1 : 0;
}

await runBench(main);
