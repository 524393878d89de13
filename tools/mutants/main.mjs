#!/usr/bin/env node
// `npm run test:mutants`: deletes every legality check of rules and fuser, one at a time; a test has to fail.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CACHE } from '../support/process.mjs';
import { whyHarmless } from './harmless.mjs';
import { openRecord } from './record.mjs';
import { runStage } from './stage.mjs';
import { allChecks } from './table.mjs';

const HELP = `Usage: npm run test:mutants -- [options]

Wraps every condition of src/patterns/rules and src/patterns/fuser that can say no, and deletes one after the
other: first under the pure tests in which it said no, then, of what is left, under graphs that are nearly what
rules look for. A check that nothing misses is printed; those in tools/mutants/harmless.mjs are taken to
change no answer, each for the reason given there. Takes some minutes on two cores; what is found is kept, and a run of the same sources goes on where
the last one ended.

  --file TEXT     only checks of files whose name contains it
  --only N,N      only these checks, by number
  --minutes N     ends after N minutes (default: not)
  --fresh         forgets what earlier runs found
  --list          prints the checks, and runs nothing
`;

const { values } = parseArgs({
  options: {
    file: { type: 'string' },
    only: { type: 'string' },
    minutes: { type: 'string', default: 'Infinity' },
    fresh: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const STAGES = ['unit-tests', 'near-misses'];
const folder = join(CACHE, 'mutants');

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

mkdirSync(folder, { recursive: true });
const { verdicts, save } = openRecord(folder, values.fresh);
/** @param {number} number */
const isMissed = (number) => STAGES.some((stage) => verdicts[stage]?.[number] === 'missed');

for (const stage of STAGES) {
  const known = (verdicts[stage] ??= {});
  const numbers = checks
    .map(({ number }) => number)
    .filter((number) => !isMissed(number) && !(number in known));
  await runStage(stage, { numbers, folder, until }, (number, verdict) => {
    known[number] = verdict;
    save();
  });
}

let [caught, harmless, untried] = [0, 0, 0];
for (const check of checks) {
  const found = STAGES.map((stage) => verdicts[stage][check.number]);
  if (isMissed(check.number)) caught++;
  else if (found.some((verdict) => verdict === undefined)) untried++;
  else if (whyHarmless(check)) harmless++;
  else console.log(`survives: ${describe(check)} (${found.join('; ')})`);
}
const tried = checks.length - untried;
const survive = tried - caught - harmless;
console.log(
  `checks: ${tried} of ${checks.length} deleted, ${caught} caught, ${harmless} harmless, ${survive} survive`,
);
process.exit(survive + untried > 0 ? 1 : 0);
