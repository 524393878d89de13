#!/usr/bin/env node
// `npm run test:mutants`: deletes every legality check of rules and fuser, one at a time; a test has to fail.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CACHE, ROOT, run } from '../support/process.mjs';
import { HARMLESS } from './harmless.mjs';
import { openRecord } from './record.mjs';
import { allChecks } from './table.mjs';

const HELP = `Usage: npm run test:mutants -- [options]

Wraps every condition of src/patterns/rules and src/patterns/fuser that can say no, and deletes one after the
other: first under graphs that are nearly what rules look for, in one process, then, of what is left, under the
pure tests in which it said no. A check that nothing misses is printed; those in tools/mutants/harmless.mjs are
known to change no answer. Takes hours on two cores; what is found is kept, and a run of the same sources goes on
where the last one ended.

  --file TEXT     only checks of files whose name contains it
  --only N,N      only these checks, by number
  --minutes N     ends after N minutes (default: not)
  --fresh         forgets what earlier runs found
  --quick         near misses only, and no verdict
  --list          prints the checks, and runs nothing
`;

const { values } = parseArgs({
  options: {
    file: { type: 'string' },
    only: { type: 'string' },
    minutes: { type: 'string', default: 'Infinity' },
    fresh: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
/** A deleted check may send a search in circles. */
const MAX_MS = 120_000;
const NEAR_MISSES = join(ROOT, 'tools', 'mutants', 'near-misses.test.ts');
const folder = join(CACHE, 'mutants');
const log = join(folder, 'decisions.jsonl');
const caughtFile = join(folder, 'caught.json');

if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const until = Date.now() + 60_000 * Number(values.minutes);
if (!(until > Date.now())) {
  console.error(`--minutes: got ${values.minutes}; needs a number above 0.`);
  process.exit(2);
}
const only = values.only?.split(',').map(Number);
const checks = [...allChecks().values()]
  .flat()
  .filter(
    ({ file, number }) =>
      (!values.file || file.includes(values.file)) && (!only || only.includes(number)),
  );

/** @param {import('./table.mjs').NumberedCheck} check */
const describe = ({ number, file, line, text, deleted }) =>
  `${number} ${file}:${line} ${text.replace(/\s+/g, ' ')} → ${deleted}`;

if (values.list) {
  for (const check of checks) console.log(describe(check));
  process.exit(0);
}

/**
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @param {number} [timeout]
 */
function jest(args, env, timeout) {
  const bin = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  const command = [process.execPath, bin, '-c', join(ROOT, 'tools', 'mutants', 'jest.config.mjs')];
  command.push('--runInBand', '--silent', ...args);
  return run(command, { env: { ...process.env, ...env }, timeout });
}

/** Fails if tests fail with every check in place. @param {string[]} args @param {NodeJS.ProcessEnv} env */
async function jestOrThrow(args, env) {
  const { code, stderr } = await jest(args, env);
  if (code !== 0) throw new Error(`tests fail with every check in place:\n${stderr}`);
}

mkdirSync(folder, { recursive: true });
const record = openRecord(folder, values.fresh);

if (!record.caught) {
  console.log('near misses, without one check after the other (about an hour)');
  rmSync(caughtFile, { force: true });
  await jestOrThrow(['--runTestsByPath', NEAR_MISSES], { MUTANTS_CAUGHT: caughtFile });
  record.caught = /** @type {number[]} */ (JSON.parse(readFileSync(caughtFile, 'utf8')));
  record.save();
}
const caught = new Set(record.caught);
const left = checks.filter(({ number }) => !caught.has(number));
console.log(`near misses: ${checks.length - left.length} of ${checks.length} checks are missed`);
if (values.quick) {
  for (const check of left) console.log(`  not: ${describe(check)}`);
  process.exit(0);
}

if (!record.deciding) {
  console.log('the tests in which each check says no (some minutes)');
  rmSync(log, { force: true });
  await jestOrThrow(['--testPathIgnorePatterns', NEAR_MISSES], { MUTANT_LOG: log });
  /** @type {Record<number, string[]>} */
  const deciding = {};
  for (const line of readFileSync(log, 'utf8').trim().split('\n')) {
    const { testPath, decisive } = JSON.parse(line);
    for (const number of decisive) (deciding[number] ??= []).push(testPath);
  }
  record.deciding = deciding;
  record.save();
}

/**
 * Whether a test misses a check.
 * @param {import('./table.mjs').NumberedCheck} check @param {string[]} files
 */
async function isMissed({ number }, files) {
  if (files.length === 0) return false;
  const args = ['--bail', '--runTestsByPath', ...files];
  const { code } = await jest(args, { MUTANT: String(number) }, MAX_MS);
  return code !== 0;
}

let harmless = 0;
let untried = 0;
/** @type {string[]} */
const survivors = [];
for (const [i, check] of left.entries()) {
  const files = record.deciding[check.number] ?? [];
  if (record.missed[check.number] === undefined) {
    if (Date.now() > until) {
      untried++;
      continue;
    }
    record.missed[check.number] = await isMissed(check, files);
    record.save();
  }
  if (i % 10 === 9) console.log(`${i + 1} of ${left.length}, ${survivors.length} survive`);
  if (record.missed[check.number]) continue;
  if (HARMLESS.some(({ file, text }) => file === check.file && text === check.text)) {
    harmless++;
    continue;
  }
  survivors.push(`${describe(check)} (${files.length ? 'not missed' : 'never says no'})`);
  console.log(`survives: ${survivors.at(-1)}`);
}
const tried = checks.length - untried;
console.log(
  `checks: ${tried} of ${checks.length} deleted, ${tried - harmless - survivors.length} caught, ` +
    `${harmless} harmless, ${survivors.length} survive`,
);
process.exit(survivors.length + untried > 0 ? 1 : 0);
