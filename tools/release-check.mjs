#!/usr/bin/env node
// What is left to do before the package can be published. Run after a build.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run } from './support/process.mjs';

if (process.argv.includes('-h') || process.argv.includes('--help')) {
  process.stdout.write(
    'Usage: npm run release:check\n\nSays what is left to do before publishing; exit code 1 if there is something.\n',
  );
  process.exit(0);
}

const read = (/** @type {string} */ file) => readFileSync(join(ROOT, file), 'utf8');
const manifest = JSON.parse(read('package.json'));
/** @type {string[]} */
const left = [];

for (const field of ['repository', 'homepage', 'bugs']) {
  if (!manifest[field])
    left.push(`package.json: no "${field}". Name the address of the repository.`);
}
const [, changed, date = ''] = read('CHANGELOG.md').match(/^## \[(.+)\] - (.+)$/m) ?? [];
if (changed !== manifest.version) {
  left.push(`CHANGELOG.md: got ${changed} on top; needs ${manifest.version}.`);
} else if (!/^\d{4}-\d\d-\d\d$/.test(date)) {
  left.push(`CHANGELOG.md: ${manifest.version} has no date yet (${date}).`);
}
if (!existsSync(join(ROOT, 'dist', 'index.mjs')))
  left.push('dist/: is missing. Run npm run build.');
const { stdout } = await run(['npm', 'pack', '--dry-run', '--json', '--ignore-scripts']);
const [packed] = JSON.parse(stdout);
const files = new Set(packed.files.map((/** @type {{path: string}} */ { path }) => path));
for (const [, link] of read('README.md').matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)) {
  if (!files.has(link)) left.push(`README.md: links to ${link}, which is not in the package.`);
}
const dirty = (await run(['git', 'status', '--porcelain'])).stdout.trim();
if (dirty) left.push(`git: ${dirty.split('\n').length} files are not committed.`);

const size = (packed.size / 1e6).toFixed(2);
process.stdout.write(`${packed.name}@${packed.version}: ${files.size} files, ${size} MB packed\n`);
for (const line of left) process.stdout.write(`left to do: ${line}\n`);
process.exit(left.length > 0 ? 1 : 0);
