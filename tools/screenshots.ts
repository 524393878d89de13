/** `npm run screenshots`: page, camera, report, demo and documentation, light and dark, wide and narrow, to look at. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { loadPhoto } from '../examples/demo/photos';
import { serveFolder, type StaticServer } from '../test/support/static-server';
import { launchBrowser, openWithAdapter } from './browser/launch.mjs';
import { cameraFile, cameraFlags, videoFile } from './browser/moving-pictures';
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

/** Servers that were started; they are closed in the end. */
const servers: StaticServer[] = [];
async function serve(at: string): Promise<string> {
  const server = await serveFolder(at);
  servers.push(server);
  return server.url;
}

/** Makes something when it is first asked for. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

const CAMERA = inFolder('camera.mjpeg');
const MOTION = { width: 640, height: 480, frames: 24 };
/** What moves is watched for so long before: enough for a chart. */
const MOVING_MS = 8000;

const getSite = once(async () => {
  await run('tsx', 'examples/web/build.ts', '--out', inFolder('site'));
  writeFileSync(CAMERA, cameraFile(await loadPhoto('group'), MOTION));
  return serve(inFolder('site'));
});

const getDocs = once(async () => {
  await run('node', 'tools/docs.mjs');
  return serve(join(CACHE, 'website', 'dist'));
});

const getReport = once(async () => {
  await run('node', 'tools/test.mjs', 'build');
  const model = 'bench/models/meet/meet.json';
  await run('node', 'dist/cli.mjs', 'explain', model, '--html', inFolder('report.html'));
  return pathToFileURL(inFolder('report.html')).href;
});

const getDemo = once(async () => {
  await run('tsx', 'examples/demo/main.ts', '--html', inFolder('demo.html'));
  return pathToFileURL(inFolder('demo.html')).href;
});

async function openPage(page: Page, task: string): Promise<void> {
  await openWithAdapter(page, `${await getSite()}/index.html#task=${task}&backend=webgpu-fused`);
  await page.locator('#fusion .big').waitFor();
}

/** What is to be seen, and how it is opened. */
const SUBJECTS: Record<string, (page: Page) => Promise<unknown>> = {
  page: (page) => openPage(page, 'people'),
  camera: async (page) => {
    await openPage(page, 'faces');
    await page.locator('#camera').click();
    await page.waitForTimeout(MOVING_MS);
  },
  video: async (page) => {
    const buffer = await videoFile(page, await loadPhoto('group'), MOTION);
    await openPage(page, 'faces');
    const file = { name: 'group.webm', mimeType: 'video/webm', buffer };
    await page.locator('#file').setInputFiles(file);
    await page.waitForTimeout(MOVING_MS);
  },
  'without-webgpu': async (page) => {
    // As text: what tsx makes of a function calls helpers that a page does not have.
    await page.addInitScript(
      `Object.defineProperty(Navigator.prototype, 'gpu', { get: () => null })`,
    );
    await page.goto(`${await getSite()}/index.html#task=people`);
    await page.locator('#notice').waitFor();
    await page.getByText(/of the pixels/).waitFor();
  },
  report: async (page) => page.goto(await getReport()),
  demo: async (page) => page.goto(await getDemo()),
  docs: async (page) => page.goto(`${await getDocs()}/guide/explain.html`),
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in SUBJECTS));
if (unknown.length > 0) {
  const isHelp = unknown.every((name) => ['-h', '--help'].includes(name));
  const names = Object.keys(SUBJECTS).join(', ');
  (isHelp ? process.stdout : process.stderr).write(
    `Usage: npm run screenshots -- [name...]\n\nAll of ${names}, or those named, in website/screenshots.\n`,
  );
  process.exit(isHelp ? 0 : 2);
}

const browser = await launchBrowser({ args: cameraFlags(CAMERA) });
try {
  mkdirSync(OUT, { recursive: true });
  for (const [name, open] of Object.entries(SUBJECTS)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    for (const [width, viewport] of Object.entries(WIDTHS)) {
      for (const colorScheme of SCHEMES) {
        const page = await browser.newPage({ viewport, colorScheme, deviceScaleFactor: SCALE });
        page.setDefaultTimeout(PATIENCE_MS);
        await open(page);
        await page.evaluate(() => scrollTo(0, 0)); // a click may have moved it
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
process.exit(0);
