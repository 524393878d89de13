/** The page of the demo, built as a site from what the repository has, in Chromium. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchBrowser, openWithAdapter } from '../../tools/browser/launch.mjs';
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
