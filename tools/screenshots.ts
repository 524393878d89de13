/** `npm run screenshots`: page, report, demo and documentation, light and dark, wide and narrow, small, to look at. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { serveFolder } from '../test/support/static-server';
import { launchBrowser, openWithAdapter } from './browser/launch.mjs';
import { CACHE, ROOT, runInTerminal } from './support/process.mjs';

const OUT = join(ROOT, 'website', 'screenshots');
const WIDTHS = { wide: { width: 1280, height: 860 }, narrow: { width: 390, height: 760 } };
const SCHEMES = ['light', 'dark'] as const;
/** Fewer pixels a side than a screen has: enough to see what is out of place. */
const SCALE = 0.6;
/** A software device compiles, and then compares backends. */
const PATIENCE_MS = 180_000;

const folder = mkdtempSync(join(tmpdir(), 'fused-screenshots-'));
const inFolder = (name: string): string => join(folder, name);

async function run(...args: string[]): Promise<void> {
  const code = await runInTerminal(args);
  if (code !== 0) throw new Error(`${args.join(' ')} failed with exit code ${code}`);
}

/** Makes what is to be seen, and tells how each is opened. */
async function prepare() {
  await run('tsx', 'examples/web/build.ts', '--bundled', '--out', inFolder('site'));
  await run('node', 'tools/docs.mjs');
  await run('node', 'tools/test.mjs', 'build');
  const model = 'bench/models/meet/meet.json';
  await run('node', 'dist/cli.mjs', 'explain', model, '--html', inFolder('report.html'));
  await run('tsx', 'examples/demo/main.ts', '--html', inFolder('demo.html'));
  const site = await serveFolder(inFolder('site'));
  const docs = await serveFolder(join(CACHE, 'website', 'dist'));
  const file = (name: string) => async (page: Page) => {
    await page.goto(pathToFileURL(inFolder(name)).href);
  };
  return {
    servers: [site, docs],
    subjects: {
      page: async (page: Page) => {
        await openWithAdapter(page, `${site.url}/index.html#task=people&backend=webgpu-fused`);
        await page.locator('#fusion .big').waitFor();
      },
      report: file('report.html'),
      demo: file('demo.html'),
      docs: async (page: Page) => {
        await page.goto(`${docs.url}/guide/explain.html`);
      },
    },
  };
}

const { servers, subjects } = await prepare();
const browser = await launchBrowser();
try {
  mkdirSync(OUT, { recursive: true });
  for (const [name, open] of Object.entries(subjects)) {
    for (const [width, viewport] of Object.entries(WIDTHS)) {
      for (const colorScheme of SCHEMES) {
        const page = await browser.newPage({ viewport, colorScheme, deviceScaleFactor: SCALE });
        page.setDefaultTimeout(PATIENCE_MS);
        await open(page);
        await page.waitForTimeout(1500); // what moves in, and layouts
        const path = join(OUT, `${name}-${width}-${colorScheme}.jpg`);
        await page.screenshot({ path, type: 'jpeg', quality: 70 });
        process.stdout.write(`${relative(process.cwd(), path)}\n`);
        await page.close();
      }
    }
  }
} finally {
  await browser.close();
  await Promise.all(servers.map((server) => server.close()));
  rmSync(folder, { recursive: true, force: true });
}
