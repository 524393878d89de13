/** The page of the demo, built as a site from what the repository has, in Chromium. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchBrowser, openWithAdapter } from '../../tools/browser/launch.mjs';
import { cameraFile, cameraFlags, videoFile } from '../../tools/browser/moving-pictures';
import type { Picture } from '../../examples/demo/photos';
import { serveFolder, type StaticServer } from '../support/static-server';

let folder: string;
let server: StaticServer;
let browser: Browser;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fused-site-'));
  const build = ['--import', 'tsx', 'examples/web/build.ts', '--bundled', '--out', folder];
  execFileSync(process.execPath, build, { stdio: 'pipe' });
  server = await serveFolder(folder);
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function newPage(options: BrowserContextOptions = {}): Promise<Page> {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(100_000); // a software device compiles
  return page;
}

/** A picture of which no two parts are alike. */
function stripes(): Picture {
  const [width, height] = [480, 240];
  const rgb = Uint8Array.from({ length: width * height * 3 }, (_, at) => (at * at) % 251);
  return { name: 'stripes', width, height, rgb };
}

const PERSON = /^person: [1-5]\d\.\d+% of the pixels$/;

const sees = (page: Page): Promise<string> => page.locator('#findings').innerText();

test('it sees, shows what is fused, and keeps what each backend took', async () => {
  const page = await newPage({ viewport: { width: 390, height: 800 }, colorScheme: 'dark' });
  await openWithAdapter(page, `${server.url}/index.html#task=text&backend=webgpu-fused`);
  const fused = page.locator('#fusion .big');
  await fused.waitFor();
  expect(await sees(page)).toMatch(/^python/);
  const [, before, after] = /(\d+) → (\d+)/.exec(await fused.innerText()) as RegExpExecArray;
  expect(Number(after)).toBeLessThan(Number(before) / 3);

  const rows = page.locator('#table tbody tr');
  await rows.nth(3).locator('.meter').waitFor();
  await page.locator('#backends [data-name="wasm"]').click();
  await rows.nth(1).getByText("Kernel 'Einsum' not registered").waitFor(); // tfjs's wasm has none
  expect(await rows.nth(3).innerText()).toMatch(new RegExp(` ms[\\s\\S]*\\s${after}\\s`));

  await page.locator('#tasks [data-name="people"]').click();
  await page.getByText(PERSON).waitFor();
  const { scrollWidth, clientWidth } = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return { scrollWidth, clientWidth };
  });
  expect(scrollWidth).toBeLessThanOrEqual(clientWidth);
  await page.close();
});

/** Waits until the picture on the page is this wide, and then moves. */
async function moves(page: Page, width: number): Promise<void> {
  await page.waitForFunction((wide) => {
    const screen = document.querySelector<HTMLCanvasElement>('#screen');
    if (screen?.width !== wide) return false;
    const seen = ((globalThis as { seen?: Set<string> }).seen ??= new Set());
    return seen.add(screen.toDataURL()).size > 2;
  }, width);
  await page.evaluate(() => delete (globalThis as { seen?: Set<string> }).seen);
}

test('a video file and a camera are looked at as they move; what cannot be opened is said', async () => {
  const photo = stripes();
  const file = join(folder, 'camera.mjpeg');
  writeFileSync(file, cameraFile(photo, { width: 160, height: 120, frames: 6 }));
  const withCamera = await launchBrowser({ args: cameraFlags(file) });
  const page = await withCamera.newPage();
  page.setDefaultTimeout(100_000);
  const buffer = await videoFile(page, photo, { width: 240, height: 180, frames: 6 });
  await page.goto(`${server.url}/index.html#task=people&backend=wasm`);
  await page.getByText(PERSON).waitFor();
  await page.locator('#camera').click();
  await moves(page, 160);

  const input = page.locator('#file');
  await input.setInputFiles({ name: 'a.webm', mimeType: 'video/webm', buffer });
  await moves(page, 240);

  await input.setInputFiles({ name: 'b.webm', mimeType: 'video/webm', buffer: Buffer.from('b') });
  await page.getByText(/cannot play the video. What was shown before goes on/).waitFor();
  await moves(page, 240);
  await withCamera.close();
});

test('where there is no camera the page says so', async () => {
  const page = await newPage();
  await page.goto(`${server.url}/index.html#task=people&backend=wasm`);
  await page.getByText(PERSON).waitFor();
  await page.locator('#camera').click();
  await page.getByText(/There is no camera here|does not let this page/).waitFor();
  expect(await sees(page)).toMatch(PERSON);
  await page.close();
});

test('without WebGPU the page says what is missing, and runs on the rest', async () => {
  const page = await newPage();
  await page.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, 'gpu', { get: () => null });
  });
  await page.goto(`${server.url}/index.html#task=people&backend=webgpu-fused`);
  await page.getByText(/has no WebGPU: .* The other backends run/).waitFor();
  await page.getByText(PERSON).waitFor();
  expect(await page.locator('#backends [value="webgpu-fused"]').isDisabled()).toBe(true);
  await page.close();
});
