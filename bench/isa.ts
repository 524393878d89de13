/**
 * What AMD's compiler makes of the kernels that a GPU is busy with, without a GPU: run it by
 * `npm run isa`, which puts that compiler behind WebGPU. Nothing is computed.
 */
import { cpSync } from 'node:fs';
import { Command } from 'commander';
import { Compiler, type KernelStatistics } from './isa/compiler';
import { isJudged, missesOf } from './isa/demands';
import { figuresOf, findWorse, type Ledger, readLedger, writeLedger } from './isa/ratchet';
import { log, printSections, runBench } from './harness/command';
import { prepareGpu } from './harness/prepare-gpu';
import { formatTable, NOTHING, short, type Column } from './harness/report/format';
import { openDevice, useFused, useStock } from './kernels/backends';
import type { KernelCase } from './kernels/case';
import { CASES } from './kernels/cases';
import { NAMED } from './kernels/measure';
import { DispatchRecorder } from './kernels/recorder';
import { recordCall } from './kernels/session';

interface Options {
  family: string;
  filter?: string;
  stock?: boolean;
  update?: boolean;
  asm?: string;
}

interface Row {
  readonly entry: KernelCase;
  readonly side: 'ours' | 'stock';
  readonly kernels: readonly KernelStatistics[];
}

function formatRows(rows: readonly Row[]): string {
  const lines = rows.flatMap(({ entry, side, kernels }) =>
    kernels.map((kernel, i) => ({ entry, side, i, kernel, figures: figuresOf(kernel) })),
  );
  type Line = (typeof lines)[number];
  const orNothing = (value: number | null): string => (value === null ? NOTHING : short(value));
  const columns: Column<Line>[] = [
    { title: 'case', cell: ({ entry, i }) => (i === 0 ? entry.name : '') },
    { title: '', cell: ({ side, kernel }) => (side === 'ours' ? kernel.label : 'stock') },
    { title: 'inst/FMA', cell: ({ figures }) => orNothing(figures.instructionsPerFma) },
    { title: 'B/FLOP', cell: ({ figures }) => orNothing(figures.bytesPerFlop) },
    {
      title: 'loads (wide)',
      cell: ({ kernel: { loops } }) =>
        loops ? `${loops.inner.loads} (${loops.inner.wideLoads})` : NOTHING,
    },
    { title: 'div', cell: ({ figures }) => String(figures.divisions) },
    { title: 'VGPR', cell: ({ figures }) => String(figures.vgprs) },
    { title: 'SGPR', cell: ({ figures }) => String(figures.sgprs) },
    { title: 'spills', cell: ({ figures }) => String(figures.spills) },
    { title: 'waves', cell: ({ figures }) => String(figures.waves) },
    { title: 'LDS', cell: ({ figures }) => String(figures.sharedBytes) },
    { title: 'barriers', cell: ({ figures }) => String(figures.barriers) },
    { title: 'workgroups', cell: ({ kernel }) => String(kernel.workgroups) },
  ];
  return formatTable(columns, lines);
}

/** The kernel of a case with most multiply-adds in its loop: the one that is judged. */
function mainKernel(kernels: readonly KernelStatistics[]): KernelStatistics {
  const work = ({ loops }: KernelStatistics): number => loops?.inner.multiplyAdds ?? 0;
  return kernels.reduce((most, one) => (work(one) > work(most) ? one : most));
}

async function main(): Promise<void> {
  const options = new Command('isa')
    .requiredOption('--family <name>')
    .option('--filter <pattern>')
    .option('--stock')
    .option('--update')
    .option('--asm <folder>')
    .parse()
    .opts<Options>();
  const output = process.env.ISA_OUTPUT;
  if (!output) throw new Error('no compiler to listen to; run it by npm run isa');
  const { family, filter, asm } = options;
  const cases = CASES.filter((entry) =>
    filter ? new RegExp(filter, 'i').test(entry.name) : isJudged(entry),
  );
  prepareGpu();
  const recorder = new DispatchRecorder();
  recorder.install();
  const bench = await openDevice();
  const compiler = new Compiler(bench.device, output);
  const rows: Row[] = [];
  const record = async (entry: KernelCase, side: Row['side']): Promise<void> => {
    const named = side === 'ours' ? NAMED : undefined;
    const kernels = await recordCall(recorder, entry, named, (dispatches) =>
      dispatches.map((dispatch) => compiler.compile(dispatch)),
    );
    rows.push({ entry, side, kernels });
  };
  for (const side of options.stock ? (['stock', 'ours'] as const) : (['ours'] as const)) {
    if (side === 'ours') await useFused(bench, bench.adapterClass);
    else await useStock();
    for (const [index, entry] of cases.entries()) {
      log(`${family}, ${side}: ${index + 1}/${cases.length} ${entry.name}`);
      await record(entry, side);
    }
  }
  const ours = rows.filter(({ side }) => side === 'ours');
  const ledger: Ledger = Object.fromEntries(
    ours.map(({ entry, kernels }) => [entry.name, kernels.map(figuresOf)]),
  );
  const misses = ours
    .filter(({ entry }) => isJudged(entry))
    .flatMap(({ entry, kernels }) =>
      missesOf(entry, mainKernel(kernels), family).map((text) => `${entry.name}: ${text}`),
    );
  const worse = options.update ? [] : findWorse(readLedger(family), ledger);
  if (options.update) writeLedger(family, ledger);
  if (asm) cpSync(output, asm, { recursive: true });
  const list = (title: string, lines: readonly string[]): string =>
    lines.length ? `${title}\n${lines.map((line) => `  ${line}`).join('\n')}` : '';
  const sorted = cases.flatMap((entry) => rows.filter((row) => row.entry === entry));
  printSections([
    `AMD’s compiler for ${family}, as the class ${bench.adapterClass}`,
    formatRows(sorted),
    list('Not met', misses),
    list('Worse than before (npm run isa -- --update if that is meant)', worse),
  ]);
  if (worse.length) process.exitCode = 1;
}

await runBench(main);
