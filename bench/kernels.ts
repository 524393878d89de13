/**
 * The kernel benchmark: kernels one by one, stock `webgpu` beside `webgpu-fused`, GPU time by
 * timestamps. A warm call of each is recorded; its dispatches are repeated many times in one pass, on
 * changing copies of what they read, both sides in turn on one device.
 */
import { InvalidArgumentError, Option } from 'commander';
import { ADAPTER_CLASSES, type AdapterClass } from '../src/fused-kernels/target';
import { ensureGpu } from '../tools/gpu/ensure-gpu.mjs';
import {
  benchCommand,
  log,
  positiveInteger,
  printSections,
  runBench,
  writeReport,
  type CommonOptions,
} from './harness/command';
import { takeGpuErrors } from '../src/measure/gpu-errors';
import { prepareGpu } from './harness/prepare-gpu';
import { formatProvenance, provenance } from '../src/cli/provenance';
import { openDevice } from './kernels/backends';
import { type CandidateRow, formatCandidates, measureCandidates } from './kernels/candidates';
import type { KernelCase } from './kernels/case';
import { CASES } from './kernels/cases';
import { Clock } from './kernels/clock';
import { type Bench, measureCase } from './kernels/measure';
import { PassClock } from '../src/runtime/tuning/pass-clock';
import { measurePeaks, type Peaks } from './kernels/peaks';
import { DispatchRecorder } from './kernels/recorder';
import {
  findWrong,
  formatPeaks,
  formatRows,
  formatVerdicts,
  judge,
  type Row,
} from './kernels/report';

interface Options extends Omit<CommonOptions, 'warmups'> {
  filter?: RegExp;
  force?: AdapterClass;
  candidates?: boolean;
  passMs: number;
  caseSeconds: number;
}

/** Calls and passes of a case on both sides, about: what one must be able to afford. */
const CALLS_OF_A_CASE = 20;
/** A kernel that is far from the peak reaches this part of it. */
const POOR_SHARE = 0.02;

function parseOptions(): Options {
  return benchCommand({
    name: 'bench:kernels',
    description:
      'Kernels one by one, stock webgpu beside webgpu-fused: GPU time by timestamps, many\n' +
      'repetitions in a pass, inputs rotated through more memory than caches hold.',
    reps: ['rounds, in each of which every side has one pass', 9],
  })
    .option('--filter <pattern>', 'only cases whose names match a regular expression', pattern)
    .addOption(
      new Option(
        '--force <class>',
        'kernels of this class of adapter, on whichever there is',
      ).choices(ADAPTER_CLASSES),
    )
    .option('--candidates', "every candidate of every choice, beside the rule's pick")
    .option('--pass-ms <n>', 'repetitions are made to last about this long', positiveInteger, 3)
    .option(
      '--case-seconds <n>',
      'leave out cases that would take longer, by the measured peaks',
      positiveInteger,
      20,
    )
    .parse()
    .opts<Options>();
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text, 'i');
  } catch {
    throw new InvalidArgumentError('It is not a regular expression.');
  }
}

/** Whether a case can be afforded on an adapter of these peaks. */
function isAffordable({ flops, bytes }: KernelCase, peaks: Peaks, seconds: number): boolean {
  const call = Math.max(flops / peaks.flops, bytes / peaks.read) / POOR_SHARE;
  return CALLS_OF_A_CASE * call <= seconds;
}

async function openBench(options: Options): Promise<Bench> {
  // Else Dawn rounds timestamps to 0.1 ms.
  prepareGpu(['disable-dawn-features=timestamp_quantization']);
  const recorder = new DispatchRecorder();
  recorder.install();
  const opened = await openDevice();
  const timer = new PassClock(opened.device);
  if (!timer.hasTimestamps) {
    throw new Error('this adapter has no timestamp-query; kernels cannot be timed on it');
  }
  return {
    ...opened,
    recorder,
    timer,
    clock: await Clock.open(opened.device, timer),
    reps: options.reps,
    passUs: options.passMs * 1000,
    isSoftware: opened.adapterClass === 'software',
    force: options.force ?? opened.adapterClass,
  };
}

async function main(): Promise<void> {
  const options = parseOptions();
  const { filter } = options;
  const chosen = CASES.filter(({ name }) => !filter || filter.test(name));
  if (options.list) {
    printSections([chosen.map(({ name }) => name).join('\n')]);
    return;
  }
  const { adapter, env } = await ensureGpu();
  Object.assign(process.env, env);
  const bench = await openBench(options);
  const { device, timer, clock, isSoftware } = bench;
  const origin = provenance(adapter.description, {
    reps: options.reps,
    passMs: options.passMs,
    class: bench.force,
  });
  const peaks = await measurePeaks(device, timer, clock, isSoftware ? 2 ** 25 : 2 ** 28);
  log(formatPeaks(peaks));
  const cases = chosen.filter((entry) => isAffordable(entry, peaks, options.caseSeconds));
  const leftOut = chosen.filter((entry) => !cases.includes(entry)).map(({ name }) => name);

  const rows: Row[] = [];
  const candidates: CandidateRow[] = [];
  const failures: string[] = [];
  for (const [index, entry] of cases.entries()) {
    log(`${index + 1}/${cases.length} ${entry.name}`);
    try {
      if (options.candidates) candidates.push(...(await measureCandidates(bench, entry)));
      else rows.push({ entry, result: await measureCase(bench, entry) });
    } catch (error) {
      failures.push(`${entry.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
    const [error] = takeGpuErrors();
    if (error) failures.push(`${entry.name}: ${error}`);
  }
  const verdicts = judge(rows);
  const faults = [...failures, ...findWrong(rows)];
  printSections([
    formatProvenance(origin),
    formatPeaks(peaks),
    rows.length ? formatRows(rows, peaks) : '',
    candidates.length ? formatCandidates(candidates) : '',
    leftOut.length ? `Left out (see --case-seconds): ${leftOut.join(', ')}` : '',
    faults.length ? `Faults\n${faults.map((fault) => `  ${fault}`).join('\n')}` : '',
    rows.length
      ? `Verdict${isSoftware ? ' (a software adapter: it says nothing of GPUs)' : ''}\n${formatVerdicts(verdicts)}`
      : '',
  ]);
  writeReport(options.json, origin, {
    peaks,
    rows: rows.map(({ entry: { name, group, flops, bytes }, result }) => ({
      ...{ name, group, flops, bytes },
      ...result,
    })),
    candidates,
    leftOut,
    faults,
    verdicts,
  });
  const isMissed = !isSoftware && verdicts.some(({ misses }) => misses.length > 0);
  if (faults.length > 0 || isMissed) process.exitCode = 1;
}

await runBench(main);
