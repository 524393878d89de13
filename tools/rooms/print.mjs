#!/usr/bin/env node
// The import graph of src, room by room, types included: what each room imports, and may import.
import { cruise } from 'dependency-cruiser';
import config from '../../.dependency-cruiser.mjs';
import { ROOT } from '../support/process.mjs';
import { ROOMS } from './table.mjs';

const HELP = `Usage: npm run rooms [-- --files]

Prints, for each room of src, its files, which rooms it imports (and how often), which it may
import besides, and every violation: a cycle of files, a direction that the table does not allow.
Type imports count. Ends with 1 if there is a violation.

  --files      every import between two rooms, file by file
  -h, --help   this text
`;

if (process.argv.includes('-h') || process.argv.includes('--help')) {
  process.stdout.write(HELP);
  process.exit(0);
}

process.chdir(ROOT);
const { forbidden, options } = config;
const { output } = await cruise(['src'], {
  ...options,
  validate: true,
  ruleSet: { forbidden },
});
if (typeof output === 'string') throw new Error('dependency-cruiser answered with text');

const modules = output.modules.filter(({ source }) => source.startsWith('src/'));
const print = (line = '') => process.stdout.write(`${line}\n`);

for (const [room, others] of Object.entries(ROOMS)) {
  const files = modules.filter(({ source }) => roomOf(source) === room);
  const imports = files.flatMap(({ source, dependencies }) =>
    dependencies
      .map(({ resolved }) => ({ from: source, to: resolved }))
      .filter(({ to }) => to.startsWith('src/') && roomOf(to) !== room),
  );
  const counts = new Map();
  for (const { to } of imports) counts.set(roomOf(to), (counts.get(roomOf(to)) ?? 0) + 1);
  const used = [...counts].map(([name, count]) => `${name} (${count})`);
  const unused = others.filter((name) => !counts.has(name));
  print(`${room.padEnd(14)}${String(files.length).padStart(4)} files → ${used.join(', ') || '–'}`);
  if (unused.length > 0) print(`${' '.repeat(26)}may import also ${unused.join(', ')}`);
  if (process.argv.includes('--files')) {
    for (const { from, to } of imports) print(`${' '.repeat(26)}${from} → ${to}`);
  }
}

const { violations, totalDependenciesCruised: total } = output.summary;
for (const { rule, from, to, cycle } of violations) {
  print(`✕ ${rule.name}: ${cycle ? cycle.map(({ name }) => name).join(' → ') : `${from} → ${to}`}`);
}
const cycles = violations.filter(({ rule }) => rule.name === 'no-cycle').length;
print();
print(
  `${modules.length} files, ${total} imports, ${cycles} cycles, ${violations.length} violations`,
);
process.exit(violations.length > 0 ? 1 : 0);

/** @param {string} path */
function roomOf(path) {
  const [, room, ...rest] = path.split('/');
  return rest.length > 0 ? room : 'entry';
}
