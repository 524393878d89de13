#!/usr/bin/env node
// Runs the apps of examples/apps on stock webgpu and on webgpu-fused, and compares what they answer.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePackages } from './support/packages.mjs';
import { ROOT, logger } from './support/process.mjs';

const HELP = `Usage: npm run test:apps -- [app...] [--node | --chromium]

Apps of other people with this package's one line: each runs on stock webgpu and on webgpu-fused, in Node (Dawn)
and, where it ends in minutes on a software adapter, in headless Chromium. Their packages (480 MB) are installed
once, in .cache/apps. Fails where an answer is further from stock's than tools/apps/table.mjs says, or an app throws.
Run \`npm run build\` before.
`;

const log = logger('apps');
const args = process.argv.slice(2).filter((name) => name !== '--');
await ensurePackages(log);
const { APPS } = await import('./apps/table.mjs');
const names = args.filter((name) => !name.startsWith('-'));
const unknown = args.filter((name) => !(name in APPS || ['--node', '--chromium'].includes(name)));
if (unknown.length > 0) {
  const asked = unknown.every((name) => ['-h', '--help'].includes(name));
  (asked ? process.stdout : process.stderr).write(
    `${HELP}\nApps: ${Object.keys(APPS).join(', ')}\n`,
  );
  process.exit(asked ? 0 : 2);
}
if (!existsSync(join(ROOT, 'dist', 'index.mjs'))) {
  log('dist/ is missing. Run `npm run build` first.');
  process.exit(1);
}

const { install, FOLDER } = await import('./apps/install.mjs');
const { judge } = await import('./apps/judge.mjs');
const { bundleApp, runnerInChromium, runnerInNode } = await import('./apps/run-app.mjs');
const { serve } = await import('./support/serve.mjs');

await install(log);
const server = await serve(FOLDER);
/** @type {import('./apps/judge.mjs').Row[]} */
const rows = [];
/** @type {import('playwright-core').Browser | undefined} */
let browser;
for (const name of names.length > 0 ? names : Object.keys(APPS)) {
  for (const place of APPS[name].places) {
    const others = place === 'Node' ? '--chromium' : '--node';
    if (!args.includes(others)) rows.push(await runBoth(name, place));
  }
}
await browser?.close();
await server.close();

console.table(
  Object.fromEntries(
    rows.map(({ app, place, stock, fused, apart, what, verdict }) => [
      `${app}, ${place}`,
      {
        dispatches: `${stock} → ${fused}`,
        'largest difference': apart,
        'most fused': shorten(what),
        verdict: shorten(verdict),
      },
    ]),
  ),
);
const failed = rows.filter(({ verdict }) => verdict !== 'equal').length;
process.stdout.write(`${rows.length - failed} passed, ${failed} failed\n`, () =>
  process.exit(failed > 0 ? 1 : 0),
);

/** @param {string} app @param {'Node' | 'Chromium'} place */
async function runBoth(app, place) {
  await bundleApp(app, place);
  const run = await runnerFor(place);
  const entry = APPS[app];
  log(`${app} in ${place}: stock webgpu`);
  const stock = await run(app, 'webgpu', entry.calls);
  log(`${app} in ${place}: webgpu-fused`);
  const fused = await run(app, 'webgpu-fused', entry.calls);
  const row = judge({ app, place, entry, stock, fused });
  log(`${app} in ${place}: ${row.stock} → ${row.fused} dispatches, ${row.apart}: ${row.verdict}`);
  return row;
}

/** @param {'Node' | 'Chromium'} place */
async function runnerFor(place) {
  if (place === 'Chromium') {
    const { launchBrowser } = await import('./browser/launch.mjs');
    browser ??= await launchBrowser({ log });
    return runnerInChromium(server.url, browser);
  }
  const { ensureGpu } = await import('./gpu/ensure-gpu.mjs');
  const { env } = await ensureGpu({ log });
  return runnerInNode(server.url, env);
}

/** @param {string} text of which a table shows the beginning; the log has all of it */
function shorten(text) {
  const [line] = text.split('\n');
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
