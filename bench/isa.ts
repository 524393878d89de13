/**
 * What AMD's compiler makes of the kernels that a GPU is busy with, without a GPU: run it by
 * `npm run isa`, which puts that compiler behind WebGPU. Nothing is computed.
 */
import { cpSync } from 'node:fs';
import { Command, Option } from 'commander';
import { ADAPTER_CLASSES, type AdapterClass, type Choice } from '../src/fused-kernels/target';
import { Compiler } from './isa/compiler';
import { formatVerdicts, isJudged, type Judged } from './isa/demands';
import { formatRows, mainKernel, type Row } from './isa/table';
import { figuresOf, findWorse, type Ledger, readLedger, writeLedger } from './isa/ratchet';
import { log, printSections, runBench } from './harness/command';
import { prepareGpu } from './harness/prepare-gpu';
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
  force?: AdapterClass;
  candidates?: boolean;
}

async function main(): Promise<void> {
  const options = new Command('isa')
    .requiredOption('--family <name>')
    .option('--filter <pattern>')
    .option('--stock')
    .option('--update')
    .option('--asm <folder>')
    .addOption(new Option('--force <class>').choices(ADAPTER_CLASSES))
    .option('--candidates')
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
  const adapterClass = options.force ?? bench.adapterClass;
  const record = async (
    entry: KernelCase,
    side: Row['side'],
    candidate?: string,
  ): Promise<readonly string[]> => {
    const choices: Choice[] = [];
    // A new backend for each case: sizes that no case like it had before.
    if (side === 'stock') await useStock();
    else {
      await useFused(bench, adapterClass, (choice) => {
        choices.push(choice);
        return candidate;
      });
    }
    const named = side === 'ours' ? NAMED : undefined;
    const kernels = await recordCall(recorder, entry, named, (dispatches) =>
      dispatches.map((dispatch) => compiler.compile(dispatch)),
    );
    rows.push({ entry, side, candidate, kernels });
    return [...new Set(choices.flatMap(({ candidates }) => candidates.slice(1)))];
  };
  for (const side of options.stock ? (['stock', 'ours'] as const) : (['ours'] as const)) {
    for (const [index, entry] of cases.entries()) {
      log(`${family}, ${side}: ${index + 1}/${cases.length} ${entry.name}`);
      const others = await record(entry, side);
      if (!options.candidates) continue;
      for (const name of others) await record(entry, side, name);
    }
  }
  const picks = rows.filter(({ candidate }) => candidate === undefined);
  const ours = picks.filter(({ side }) => side === 'ours');
  const ledger: Ledger = Object.fromEntries(
    ours.map(({ entry, kernels }) => [entry.name, kernels.map(figuresOf)]),
  );
  const judgedOf = (wanted: Row['side']): Judged[] =>
    picks
      .filter(({ entry, side }) => side === wanted && isJudged(entry))
      .map(({ entry, kernels }) => ({ entry, kernel: mainKernel(kernels) }));
  const isOther = adapterClass !== bench.adapterClass;
  const worse = options.update || isOther ? [] : findWorse(readLedger(family), ledger);
  if (options.update && !isOther) writeLedger(family, ledger);
  if (asm) cpSync(output, asm, { recursive: true });
  const list = (title: string, lines: readonly string[]): string =>
    lines.length ? `${title}\n${lines.map((line) => `  ${line}`).join('\n')}` : '';
  const sorted = cases.flatMap((entry) => rows.filter((row) => row.entry === entry));
  printSections([
    `AMD’s compiler for ${family}, as the class ${adapterClass}`,
    formatRows(sorted),
    formatVerdicts(family, judgedOf('ours'), judgedOf('stock')),
    list('Worse than before (npm run isa -- --update if that is meant)', worse),
  ]);
  if (worse.length) process.exitCode = 1;
}

await runBench(main);
