/** `npm run picture`: the picture of the README, two panes of what `npm run demo` shows. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { launchBrowser } from './browser/launch.mjs';
import { ROOT, runInTerminal } from './support/process.mjs';

const PICTURE = join(ROOT, 'docs', 'demo.jpg');
/** Timed runs of each side. */
const REPS = '15';
const SIZE = { width: 1120, height: 900 };

const folder = mkdtempSync(join(tmpdir(), 'fused-picture-'));
const browser = await launchBrowser();
try {
  const html = join(folder, 'demo.html');
  const demo = ['tsx', join(ROOT, 'examples/demo/main.ts'), '--html', html, '--reps', REPS];
  const code = await runInTerminal(demo);
  if (code !== 0) throw new Error(`the demo failed with exit code ${code}`);
  const page = await browser.newPage({ viewport: SIZE, colorScheme: 'light' });
  await page.goto(pathToFileURL(html).href);
  const panes = page.locator('.sides').first();
  await panes.screenshot({ path: PICTURE, type: 'jpeg', quality: 82 });
  process.stdout.write(`${relative(process.cwd(), PICTURE)}\n`);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
