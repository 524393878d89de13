/**
 * The transformer benchmark: blocks in the forms of five exporters and dense chains on stock
 * `webgpu` and on `webgpu-fused`, in Node and in Chromium; and four workloads on ONNX Runtime Web,
 * jax-js and LiteRT.js, too. Prints dispatches, bytes, errors, and the ratios of times.
 */
import { Option } from 'commander';
import { ensureGpu } from '../tools/gpu/ensure-gpu.mjs';
import { measureInBrowser, type BrowserReport } from './browser/browser';
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
import { formatTables } from './harness/report/tables';
import { runInChild } from './harness/spawn';
import { compareRuntimes, type PeerRow } from './peers/compare';
import { availableRuntimes } from './peers/available';
import { formatPeerRows, problemsOfPeers } from './peers/report';
import { WORKLOADS } from './peers/workloads';
import { CASES } from './transformer/cases';
import { MAGIKA, measureMagika, problemsOfMagika } from './transformer/magika';
import type { CaseResult } from './transformer/measure';
import { formatCases, problemsOfCases } from './transformer/report';

/** The parts of the benchmark. */
const PARTS = ['cases', 'peers', 'browser'] as const;
type Part = (typeof PARTS)[number];

interface Options extends CommonOptions {
  only?: Part;
  rounds: number;
  runs: number;
  timeout: number;
}

function parseOptions(): { names: string[]; options: Options } {
  const command = benchCommand({
    name: 'bench:transformer',
    description:
      'Transformer blocks, dense and elementwise chains: stock webgpu, ONNX Runtime Web, jax-js and\n' +
      'LiteRT.js against webgpu-fused. The peers are fetched into .cache/peers (46 MB, once).',
    names: 'parts of the names of cases and workloads (default: all); see --list',
    reps: ['timed runs of each side of a case', 9],
    warmups: ['runs before anything counts', 5],
  })
    .addOption(
      new Option(
        '--only <part>',
        'cases: in Node; peers: other runtimes; browser: in Chromium',
      ).choices(PARTS),
    )
    .option('--rounds <n>', 'peers: turns of each runtime', positiveInteger, 9)
    .option(
      '--runs <n>',
      'peers: timed runs of a turn, of which the median counts',
      positiveInteger,
      3,
    )
    .option('--timeout <seconds>', 'for one answer of a process', positiveInteger, 900)
    .parse();
  return { names: command.args, options: command.opts<Options>() };
}

async function measureCases(
  names: readonly string[],
  { reps, warmups, timeout }: Options,
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const { name } of CASES.filter((entry) => names.includes(entry.name))) {
    log(name);
    const task = { kind: 'case', name, reps, warmups } as const;
    results.push(await runInChild(task, { timeoutMs: timeout * 1000 }));
  }
  return results;
}

async function measurePeers(names: readonly string[], options: Options) {
  const { runtimes, missing } = await availableRuntimes();
  const settings = { ...options, timeoutMs: options.timeout * 1000 };
  const rows: PeerRow[] = [];
  for (const workload of WORKLOADS.filter(({ name }) => names.includes(name))) {
    const progress = (step: string): void => log(`${workload.name}: ${step}`);
    rows.push(...(await compareRuntimes(workload, runtimes, settings, progress)));
  }
  return { rows, missing };
}

async function main(): Promise<void> {
  const { names: parts, options } = parseOptions();
  const names = [...CASES, ...WORKLOADS]
    .map(({ name }) => name)
    .concat(MAGIKA)
    .filter((name) => parts.length === 0 || parts.some((part) => name.includes(part)));
  if (options.list) {
    printSections([names.join('\n')]);
    return;
  }
  const { adapter, env } = await ensureGpu();
  Object.assign(process.env, env);
  const { reps, warmups, rounds, runs, only } = options;
  const wants = (part: Part): boolean => only === undefined || only === part;
  const origin = provenance(adapter.description, { reps, warmups, rounds, runs });

  const cases = wants('cases') ? await measureCases(names, options) : [];
  const magika =
    wants('cases') && names.includes(MAGIKA)
      ? await measureMagika(options, options.timeout * 1000, (step) => log(`${MAGIKA}: ${step}`))
      : undefined;
  const peers = wants('peers') ? await measurePeers(names, options) : undefined;
  const browser = wants('browser')
    ? await measureInBrowser(
        names.filter((name) => name !== MAGIKA),
        options,
        log,
      )
    : undefined;

  const problems = [
    ...problemsOfCases(cases),
    ...(magika ? problemsOfMagika(magika) : []),
    ...(peers ? problemsOfPeers(peers.rows) : []),
    ...problemsOfBrowser(browser),
  ];
  printSections([
    formatProvenance(origin),
    cases.length ? `In Node (stock → ours)\n${formatCases(cases)}` : '',
    magika ? formatTables([magika]) : '',
    peers?.rows.length ? `Other runtimes, in Node\n${formatPeerRows(peers.rows)}` : '',
    browser?.results.length
      ? `In ${browser.browser}, ${browser.adapter} (stock → ours)\n${formatCases(browser.results)}`
      : '',
    peers?.missing.length ? `Left out\n${indent(peers.missing)}` : '',
    problems.length ? `Not met\n${indent(problems)}` : 'Every limit is kept.',
  ]);
  writeReport(options.json, origin, { cases, magika, peers, browser, problems });
  process.exitCode = problems.length ? 1 : 0;
}

function problemsOfBrowser(report: BrowserReport | undefined): string[] {
  if (!report) return [];
  const problems = [...problemsOfCases(report.results), ...report.failures];
  return problems.map((problem) => `Chromium, ${problem}`);
}

const indent = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join('\n');

await runBench(main);
