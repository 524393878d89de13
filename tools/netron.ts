/**
 * `npm run check:netron -- FOLDER`: whether Netron opens what `export` writes, in headless Chromium. FOLDER has the
 * pages of Netron: `source` of its repository, or of the package `netron` from PyPI, unpacked.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { residualGraphModel } from '../test/support/residual-graph-model';
import { serveFolder } from '../test/support/static-server';
import { launchBrowser } from './browser/launch.mjs';
import { ROOT } from './support/process.mjs';

/** Netron forbids `eval`, with which Playwright looks into pages. */
const KEEP_EVAL =
  "{ const own = window.eval; Object.defineProperty(window, 'eval', { get: () => own, set() {} }); }";
const BLOCKS = 3;

const [pages] = process.argv.slice(2);
if (!pages || !existsSync(join(pages, 'index.html'))) {
  process.stderr.write('Usage: npm run check:netron -- FOLDER, with the index.html of Netron\n');
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'fused-netron-'));
const server = await serveFolder(pages, {});
const browser = await launchBrowser();
try {
  const { json, weights } = residualGraphModel(BLOCKS);
  writeFileSync(join(folder, 'model.json'), JSON.stringify(json));
  writeFileSync(join(folder, 'weights.bin'), weights);
  const file = join(folder, 'fused-model.json');
  const program = join(ROOT, 'dist', 'cli.mjs');
  const args = [program, 'export', folder, '--out', file];
  execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });

  const page = await browser.newPage();
  await page.addInitScript(KEEP_EVAL);
  // Nothing but its own pages: it counts its users.
  await page.route('**/*', (route) =>
    route.request().url().startsWith(server.url) ? route.continue() : route.abort(),
  );
  await page.goto(`${server.url}/index.html`);
  await page.locator('body.welcome').waitFor();
  const consent = page.locator('#message-button');
  await consent.or(page.locator('#open-file-button')).filter({ visible: true }).first().waitFor();
  if (await consent.isVisible()) await consent.click();
  await page.locator('body:not(.notification)').waitFor();
  await page.locator('#open-file-dialog').setInputFiles(file);
  const nodes = page.locator('#target text');
  const functions = nodes.getByText('ƒ', { exact: true });
  await functions.first().waitFor();
  const fused = (await nodes.allTextContents()).filter((text) => text.startsWith('fused_'));
  if (fused.length === 0 || (await functions.count()) !== fused.length) {
    throw new Error(`Netron shows ${fused.length} fused nodes, of which not each is a function.`);
  }
  await functions.first().click();
  await nodes.getByText('Conv2D', { exact: true }).waitFor();
  const inside = (await nodes.allTextContents()).filter((text) => /^\w+$/.test(text));
  process.stdout.write(`${fused.length} fused nodes; the first holds ${inside.join(', ')}\n`);
} finally {
  await browser.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
}
