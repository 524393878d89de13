#!/usr/bin/env node
// tfjs-core's own test suite on stock `webgpu` and on `webgpu-fused`, with flags as asked for.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runInTerminal } from '../../tools/support/process.mjs';
import { runInBrowser } from './browser.mjs';
import { buildSuite } from './build.mjs';

const HELP = `Usage: npm run test:conformance -- [options]

Runs the test suite that @tensorflow/tfjs-core ships, on both backends, and fails if a spec that
passes on stock webgpu fails on webgpu-fused. Three minutes a side on a software adapter.

Options:
  --flags <list>    what is switched on of rewrite, lazy and capture: names joined by "+", or
                    "none"; several such by commas; "all" for every combination.
                    Default: rewrite+lazy+capture, as an app has them
  --browser         in headless Chromium; otherwise in Node
  --filter <text>   only specs whose full name contains the text
  --reuse-stock     compare with the results of the last full run on stock
  -h, --help        this text

  npm run test:conformance -- --flags all
  npm run test:conformance -- --browser
`;

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const CACHE = join(ROOT, '.cache', 'conformance');
const MECHANISMS = ['rewrite', 'lazy', 'capture'];

/** @typedef {import('./session.mjs').Results} Results */

const { values } = parseArgs({
  options: {
    flags: { type: 'string', default: MECHANISMS.join('+') },
    browser: { type: 'boolean', default: false },
    filter: { type: 'string', default: '' },
    'reuse-stock': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

const combinations = combinationsOf(values.flags);
const platform = values.browser ? 'browser' : 'node';
mkdirSync(CACHE, { recursive: true });
const suite = join(CACHE, `suite.${platform}.cjs`);
await buildSuite(suite, platform);

const stock = await runSide('webgpu', '', values['reuse-stock']);
process.stdout.write(`\n${line('webgpu', stock)}`);
let isSound = count(stock, 'passed') > 0;
for (const combination of combinations) {
  const fused = await runSide('webgpu-fused', combination, false);
  isSound = report(combination, fused) && isSound;
}
process.exit(isSound ? 0 : 1);

/**
 * @param {string} text
 * @returns {string[]} what is on, joined by "+"
 */
function combinationsOf(text) {
  if (text === 'all') {
    return Array.from(
      { length: 2 ** MECHANISMS.length },
      (_, bits) => MECHANISMS.filter((__, at) => (bits >> at) & 1).join('+') || 'none',
    ).reverse();
  }
  for (const name of text.split(/[,+]/)) {
    if (name === 'none' || MECHANISMS.includes(name)) continue;
    process.stderr.write(`--flags: got "${name}"; needs all, none, or ${MECHANISMS.join(', ')}.\n`);
    process.exit(2);
  }
  return text.split(',');
}

/**
 * Runs the suite on one backend, in a process or a page of its own.
 * @param {string} backend
 * @param {string} combination
 * @param {boolean} reuse
 * @returns {Promise<Results>}
 */
async function runSide(backend, combination, reuse) {
  const path = join(CACHE, `${[platform, backend, combination].filter(Boolean).join('.')}.json`);
  if (reuse) return JSON.parse(readFileSync(path, 'utf8'));
  const on = combination.split('+');
  const flags = Object.fromEntries(
    MECHANISMS.map((name) => [`WEBGPU_FUSED_${name.toUpperCase()}`, on.includes(name)]),
  );
  const side = { backend, flags, filter: values.filter };
  if (values.browser) {
    const results = await runInBrowser(suite, side);
    writeFileSync(path, JSON.stringify(results));
    return results;
  }
  writeFileSync(path, '{}');
  const script = join(ROOT, 'test/conformance/run.mjs');
  await runInTerminal([process.execPath, script, suite, path, JSON.stringify(side)], process.env);
  return JSON.parse(readFileSync(path, 'utf8'));
}

/**
 * Prints the comparison; true if nothing that passes on stock fails on ours.
 * @param {string} combination
 * @param {Results} fused
 */
function report(combination, fused) {
  const names = namesOf();
  const worse = names.filter(
    (name) => stock[name].status === 'passed' && fused[name]?.status !== 'passed',
  );
  const better = names.filter(
    (name) => stock[name].status === 'failed' && fused[name]?.status === 'passed',
  );
  process.stdout.write(`\n${line(`webgpu-fused, ${combination}`, fused)}`);
  process.stdout.write(`${better.length} pass here only, ${worse.length} regressions\n`);
  for (const name of worse) {
    process.stdout.write(`  ✕ ${name}\n      ${fused[name]?.message ?? 'did not run'}\n`);
  }
  return worse.length === 0;
}

function namesOf() {
  return Object.keys(stock).filter((name) => name.includes(values.filter));
}

/**
 * @param {Results} side
 * @param {string} status
 */
function count(side, status) {
  return namesOf().filter((name) => side[name]?.status === status).length;
}

/**
 * @param {string} label
 * @param {Results} side
 */
function line(label, side) {
  return (
    `${label}: ${count(side, 'passed')} passed, ${count(side, 'failed')} failed, ` +
    `${count(side, 'pending')} pending\n`
  );
}
