#!/usr/bin/env node
// tfjs-core's own test suite on stock `webgpu` and on `webgpu-fused` with laziness on.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runInTerminal } from '../../tools/support/process.mjs';
import { buildSuite } from './build.mjs';

const HELP = `Usage: npm run test:conformance -- [options]

Runs the test suite that @tensorflow/tfjs-core ships, on both backends, and fails if a spec that
passes on stock webgpu fails on webgpu-fused. Three minutes a side on a software adapter.

Options:
  --filter <text>   only specs whose full name contains the text
  --reuse-stock     compare with the results of the last full run on stock
  -h, --help        this text
`;

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const CACHE = join(ROOT, '.cache', 'conformance');

const { values } = parseArgs({
  options: {
    filter: { type: 'string', default: '' },
    'reuse-stock': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

mkdirSync(CACHE, { recursive: true });
const suite = join(CACHE, 'suite.cjs');
await buildSuite(suite);
const stock = await runSide('webgpu', values['reuse-stock']);
const fused = await runSide('webgpu-fused', false);
process.exit(report(stock, fused) ? 0 : 1);

/** @typedef {Record<string, { status: string, message?: string }>} Results by spec name */

/**
 * Runs the suite on one backend in a process of its own.
 * @param {string} backend
 * @param {boolean} reuse
 * @returns {Promise<Results>}
 */
async function runSide(backend, reuse) {
  const results = join(CACHE, `${backend}.json`);
  if (!reuse) {
    writeFileSync(results, '{}');
    const command = [process.execPath, join(ROOT, 'test/conformance/run.mjs'), suite];
    command.push(backend, results, values.filter);
    await runInTerminal(command, process.env);
  }
  return JSON.parse(readFileSync(results, 'utf8'));
}

/**
 * Prints the comparison; true if nothing that passes on stock fails on ours.
 * @param {Results} stock
 * @param {Results} fused
 */
function report(stock, fused) {
  const names = Object.keys(stock).filter((name) => name.includes(values.filter));
  /** @type {(side: Results, status: string) => number} */
  const count = (side, status) => names.filter((name) => side[name]?.status === status).length;
  /** @type {(label: string, side: Results) => string} */
  const line = (label, side) =>
    `${label}: ${count(side, 'passed')} passed, ${count(side, 'failed')} failed, ` +
    `${count(side, 'pending')} pending\n`;
  const worse = names.filter(
    (name) => stock[name].status === 'passed' && fused[name]?.status !== 'passed',
  );
  const better = names.filter(
    (name) => stock[name].status === 'failed' && fused[name]?.status === 'passed',
  );
  process.stdout.write('\n' + line('webgpu', stock) + line('webgpu-fused', fused));
  process.stdout.write(`${better.length} pass here only, ${worse.length} regressions\n`);
  for (const name of worse) {
    process.stdout.write(`  ✕ ${name}\n      ${fused[name]?.message ?? 'did not run'}\n`);
  }
  return worse.length === 0 && count(stock, 'passed') > 0;
}
