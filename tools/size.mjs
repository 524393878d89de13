#!/usr/bin/env node
// What the package weighs, and whether the runtime keeps its promise. Run after a build.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT } from './support/process.mjs';

/**
 * Bytes, gzipped: of the script that a page loads (stock `webgpu`'s own has 72,000; 4,000 are for frames as textures,
 * integers that stay on the CPU, and what follows results that the device counts), of the report, which has the layout of its graph inside, and of the program
 * with its library.
 */
const LIMITS = { 'webgpu-fused.umd.min.js': 165_500, 'html.mjs': 32_000, 'cli.mjs': 36_000 };

if (process.argv.includes('-h') || process.argv.includes('--help')) {
  process.stdout.write('Usage: npm run size\n\nPrints the sizes of dist/; fails over a limit.\n');
  process.exit(0);
}

const dist = join(ROOT, 'dist');
if (!existsSync(dist)) {
  process.stderr.write('dist/ is not there. Run `npm run build` first.\n');
  process.exit(1);
}

const kilobytes = (/** @type {number} */ bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(10);
const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) =>
  /\.(mjs|cjs|js)$/.test(name),
);
let tooLarge = false;
process.stdout.write(`${'file'.padEnd(28)}${'raw'.padStart(10)}${'gzip'.padStart(10)}     limit\n`);
for (const name of files.sort()) {
  const data = readFileSync(join(dist, name));
  const gzipped = gzipSync(data, { level: 9 }).length;
  const limit = Object.entries(LIMITS).find(([file]) => file === name)?.[1];
  const over = limit !== undefined && gzipped > limit;
  tooLarge ||= over;
  const verdict = limit === undefined ? '' : kilobytes(limit) + (over ? '  TOO LARGE' : '');
  const row = name.padEnd(28) + kilobytes(data.length) + kilobytes(gzipped) + verdict;
  process.stdout.write(`${row.trimEnd()}\n`);
}
process.exit(tooLarge ? 1 : 0);
