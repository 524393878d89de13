#!/usr/bin/env node
// `npm run test:mutants`: deletes every legality check of rules and fuser, one at a time; a test has to fail.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CACHE, ROOT, run } from '../support/process.mjs';
import { HARMLESS } from './harmless.mjs';
import { allChecks } from './table.mjs';

const HELP = `Usage: npm run test:mutants -- [options]

Wraps every condition of src/patterns/rules and src/patterns/fuser that can say no, runs the pure tests once to
see which of them says no where, and then deletes one after the other and runs the tests in which it said no.
A check that no test misses is printed; those in tools/mutants/harmless.mjs are known to change no answer.

  --file TEXT     only checks of files whose name contains it
  --only N,N      only these checks, by number
  --every N       every Nth check only: a slice
  --list          prints the checks, and runs nothing
`;

const { values } = parseArgs({
  options: {
    file: { type: 'string' },
    only: { type: 'string' },
    every: { type: 'string', default: '1' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
/** A deleted check may send a search in circles. */
const MAX_MS = 120_000;

if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const only = values.only?.split(',').map(Number);
const checks = [...allChecks().values()]
  .flat()
  .filter(
    ({ file, number }) =>
      (!values.file || file.includes(values.file)) &&
      (!only || only.includes(number)) &&
      number % Number(values.every) === 0,
  );

/** @param {import('./table.mjs').NumberedCheck} check */
const describe = ({ number, file, line, text, deleted }) =>
  `${number} ${file}:${line} ${text.replace(/\s+/g, ' ')} → ${deleted}`;

if (values.list) {
  for (const check of checks) console.log(describe(check));
  process.exit(0);
}

const folder = join(CACHE, 'mutants');
mkdirSync(folder, { recursive: true });
const log = join(folder, 'decisions.jsonl');

/** @param {string[]} files @param {NodeJS.ProcessEnv} env */
function jest(files, env) {
  const bin = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  const command = [process.execPath, bin, '-c', join(ROOT, 'tools/mutants/jest.config.mjs')];
  command.push('--runInBand', '--silent', '--bail', '--runTestsByPath', ...files);
  return run(command, { env: { ...process.env, ...env }, timeout: MAX_MS * (files.length || 20) });
}

rmSync(log, { force: true });
console.log('once with every check in place');
const whole = await run(
  [
    process.execPath,
    join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js'),
    ...['-c', join(ROOT, 'tools/mutants/jest.config.mjs'), '--runInBand', '--silent'],
  ],
  { env: { ...process.env, MUTANT_LOG: log } },
);
if (whole.code !== 0) {
  console.log(whole.stderr);
  throw new Error('tests fail with every check in place');
}
/** @type {Map<number, string[]>} by check, the test files in which it says no */
const deciding = new Map();
for (const line of readFileSync(log, 'utf8').trim().split('\n')) {
  const { testPath, decisive } = JSON.parse(line);
  for (const number of decisive) {
    deciding.set(number, [...(deciding.get(number) ?? []), testPath]);
  }
}

let caught = 0;
let harmless = 0;
/** @type {string[]} */
const survivors = [];
for (const [i, check] of checks.entries()) {
  const files = deciding.get(check.number) ?? [];
  const excuse = HARMLESS.find(({ file, text }) => file === check.file && text === check.text);
  let isCaught = false;
  for (const file of files) {
    if (isCaught) break;
    const { code } = await jest([file], { MUTANT: String(check.number) });
    isCaught = code !== 0;
  }
  if (isCaught) caught++;
  else if (excuse) harmless++;
  else {
    survivors.push(`${describe(check)} (${files.length ? 'not missed' : 'never says no'})`);
    console.log(`survives: ${survivors.at(-1)}`);
  }
  if (i % 20 === 19) console.log(`${i + 1} of ${checks.length}, ${survivors.length} survive`);
}
writeFileSync(join(folder, 'survivors.txt'), survivors.join('\n'));
console.log(
  `checks: ${checks.length} deleted, ${caught} caught, ${harmless} harmless, ${survivors.length} survive`,
);
process.exit(survivors.length > 0 ? 1 : 0);
