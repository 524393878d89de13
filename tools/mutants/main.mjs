#!/usr/bin/env node
// `npm run test:mutants`: deletes every legality check of rules and fuser, one at a time; a test has to fail.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CACHE, ROOT, run } from '../support/process.mjs';
import { HARMLESS } from './harmless.mjs';
import { allChecks } from './table.mjs';

const HELP = `Usage: npm run test:mutants -- [options]

Wraps every condition of src/patterns/rules and src/patterns/fuser that can say no, and deletes one after the
other: first under graphs that are nearly what rules look for, in one process, then, of what is left, under the
pure tests in which it said no. A check that nothing misses is printed; those in tools/mutants/harmless.mjs are
known to change no answer.

  --file TEXT     only checks of files whose name contains it
  --only N,N      only these checks, by number
  --quick         near misses only, and no verdict
  --list          prints the checks, and runs nothing
`;

const { values } = parseArgs({
  options: {
    file: { type: 'string' },
    only: { type: 'string' },
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
for (const file of [log, caughtFile]) rmSync(file, { force: true });
await jestOrThrow(['--runTestsByPath', NEAR_MISSES], { MUTANTS_CAUGHT: caughtFile });
/** @type {Set<number>} */
const caught = new Set(JSON.parse(readFileSync(caughtFile, 'utf8')));
const left = checks.filter(({ number }) => !caught.has(number));
console.log(`near misses: ${checks.length - left.length} of ${checks.length} checks are missed`);
if (values.quick) {
  for (const check of left) console.log(`  not: ${describe(check)}`);
  process.exit(0);
}

await jestOrThrow(['--testPathIgnorePatterns', NEAR_MISSES], { MUTANT_LOG: log });
/** @type {Map<number, string[]>} by check, the test files in which it says no */
const deciding = new Map();
for (const line of readFileSync(log, 'utf8').trim().split('\n')) {
  const { testPath, decisive } = JSON.parse(line);
  for (const number of decisive) {
    deciding.set(number, [...(deciding.get(number) ?? []), testPath]);
  }
}

let harmless = 0;
/** @type {string[]} */
const survivors = [];
for (const [i, check] of left.entries()) {
  const files = deciding.get(check.number) ?? [];
  const env = { MUTANT: String(check.number) };
  const { code } = files.length
    ? await jest(['--bail', '--runTestsByPath', ...files], env, MAX_MS)
    : { code: 0 };
  if (i % 10 === 9) console.log(`${i + 1} of ${left.length}, ${survivors.length} survive`);
  if (code !== 0) continue;
  if (HARMLESS.some(({ file, text }) => file === check.file && text === check.text)) {
    harmless++;
    continue;
  }
  survivors.push(`${describe(check)} (${files.length ? 'not missed' : 'never says no'})`);
  console.log(`survives: ${survivors.at(-1)}`);
}
writeFileSync(join(folder, 'survivors.txt'), survivors.join('\n'));
console.log(
  `checks: ${checks.length} deleted, ${checks.length - harmless - survivors.length} caught, ` +
    `${harmless} harmless, ${survivors.length} survive`,
);
process.exit(survivors.length > 0 ? 1 : 0);
