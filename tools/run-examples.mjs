#!/usr/bin/env node
// Runs the examples from top to bottom, or serves their pages.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runNotebook } from './examples/notebook.mjs';
import { serve } from './support/serve.mjs';
import { launchBrowser, openWithAdapter } from './browser/launch.mjs';
import { ensureGpu } from './gpu/ensure-gpu.mjs';
import { ROOT, logger, runOrThrow } from './support/process.mjs';

const HELP = `Usage: node tools/run-examples.mjs [example...] [options]

Runs the examples of examples/, all without names, and checks what they answer. They use the built
package: run \`npm run build\` first, or \`npm run test:examples\`, which does both.
  script-tag      a page with <script> tags, in headless Chromium
  bundler         an app bundled by esbuild, in headless Chromium
  custom-fusion   a fusion of one's own, in Node
  node            the kind of a file, in Node, with the package's own entry for it
  notebook        the cells of every notebook, in Deno, against the outputs in the files

Options:
  --write         notebook: keep the outputs in the .ipynb files
  --serve         serve the pages for a browser of yours, until stopped
  -h, --help      this text
`;

const NOTEBOOKS = 'examples/notebooks';
/** A software device in a browser takes its time. */
const TIMEOUT_MS = 200_000;

const log = logger('examples');

/** @typedef {(options: {write: boolean}) => Promise<string>} Example answers with one line to print */
/** @type {Record<string, Example>} */
const EXAMPLES = {
  'script-tag': () => runPage('examples/script-tag/index.html', /^python/),
  bundler: async () => {
    await runOrThrow([process.execPath, 'examples/bundler/build.mjs']);
    return runPage('examples/bundler/index.html', /^\d+ % of the picture is a person$/);
  },
  'custom-fusion': async () => {
    const { env } = await ensureGpu({ log });
    const command = [process.execPath, 'examples/custom-fusion/custom-fusion.mjs'];
    const { stdout } = await runOrThrow(command, { env: { ...process.env, ...env } });
    return lastLine(stdout);
  },
  node: async () => {
    const { env } = await ensureGpu({ log });
    const command = [process.execPath, 'examples/node/file-type.mjs', 'package.json'];
    const { stdout } = await runOrThrow(command, { env: { ...process.env, ...env } });
    const answer = lastLine(stdout);
    if (/^package.json: json, .* on webgpu-fused$/.test(answer)) return answer;
    throw new Error(`it says "${answer}"`);
  },
  notebook: async ({ write }) => {
    const { adapter, env } = await ensureGpu({ log });
    // What a GPU fuses differs in places from what the files show, which is a software adapter's.
    const compare = /llvmpipe|swiftshader/i.test(JSON.stringify(adapter));
    const files = readdirSync(join(ROOT, NOTEBOOKS)).filter((name) => name.endsWith('.ipynb'));
    for (const name of files) {
      const said = await runNotebook(`${NOTEBOOKS}/${name}`, { write, compare, env, log });
      log(`${name}: ${lastLine(said)}`);
    }
    return `${files.length} notebooks`;
  },
};

const args = process.argv.slice(2);
const names = args.filter((name) => !name.startsWith('-'));
const unknown = args.filter((name) => !(name in EXAMPLES || ['--write', '--serve'].includes(name)));
if (unknown.length > 0) {
  const asked = unknown.every((name) => ['-h', '--help'].includes(name));
  (asked ? process.stdout : process.stderr).write(HELP);
  process.exit(asked ? 0 : 2);
}
if (!existsSync(join(ROOT, 'dist', 'index.mjs'))) {
  log('dist/ is missing. Run `npm run build` first.');
  process.exit(1);
}
if (args.includes('--serve')) {
  await runOrThrow([process.execPath, 'examples/bundler/build.mjs']);
  const { url } = await serve(ROOT, 8080);
  log(`${url}/examples/script-tag/index.html`);
  log(`${url}/examples/bundler/index.html`);
  log('Ctrl-C stops');
} else {
  let failed = 0;
  for (const name of names.length > 0 ? names : Object.keys(EXAMPLES)) {
    const start = Date.now();
    try {
      const answer = await EXAMPLES[name]({ write: args.includes('--write') });
      log(`${name}: ok, ${((Date.now() - start) / 1000).toFixed(1)} s: ${answer}`);
    } catch (error) {
      failed++;
      log(`${name}: failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  process.exit(failed > 0 ? 1 : 0);
}

/**
 * Opens a page in headless Chromium, and waits until it has an answer and says what was fused.
 *
 * @param {string} path
 * @param {RegExp} expected what the element `answer` must say
 * @returns {Promise<string>} what it says, and the dispatches
 */
async function runPage(path, expected) {
  const server = await serve(ROOT);
  const browser = await launchBrowser({ log });
  /** @type {string[]} */
  const problems = [];
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(TIMEOUT_MS); // shaders are compiled while the page waits
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await openWithAdapter(page, `${server.url}/${path}`);
    const answer = page.locator('#answer');
    const deadline = Date.now() + TIMEOUT_MS;
    let text = '';
    let fused = '';
    while (Date.now() < deadline && problems.length === 0) {
      // What was fused comes last: the answer is complete by then.
      fused =
        (await page.locator('body').innerText()).match(/\d+ kernels .* → \d+ dispatches/)?.[0] ??
        '';
      text = (await answer.textContent()) ?? '';
      if (fused) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    if (problems.length > 0) throw new Error(problems.join('\n'));
    if (!expected.test(text) || !fused) {
      throw new Error(`${path} says "${text}" and "${fused}"; expected ${expected}.`);
    }
    return `${text}; ${fused}`;
  } finally {
    await browser.close();
    await server.close();
  }
}

/** @param {string} text */
function lastLine(text) {
  return text.trim().split('\n').at(-1) ?? '';
}
