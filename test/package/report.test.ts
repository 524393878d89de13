/** The report, opened from a file in Chromium: it draws, opens, finds, and fits a phone. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../../tools/browser/launch.mjs';
import { residualGraphModel } from '../support/residual-graph-model';

const BLOCKS = 6;

let folder: string;
let file: string;
/** Another one, by an app. */
let written: string;
let browser: Browser;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fused-report-'));
  const { json, weights } = residualGraphModel(BLOCKS);
  writeFileSync(join(folder, 'model.json'), JSON.stringify(json));
  writeFileSync(join(folder, 'weights.bin'), weights);
  file = join(folder, 'report.html');
  execFileSync(process.execPath, ['dist/cli.mjs', 'explain', folder, '--html', file]);
  written = join(folder, 'app.html');
  writeFileSync(written, reportOfApp());
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What an app writes of a model that has run, with the times of its kernels, stock's beside them. */
function reportOfApp(): string {
  const script = `
    import { readFileSync } from 'node:fs';
    import * as tf from '@tensorflow/tfjs-core';
    import { loadGraphModel } from '@tensorflow/tfjs-converter';
    import 'tfjs-backend-webgpu-fused/node';
    import { reportHtml, timeKernels } from 'tfjs-backend-webgpu-fused/html';
    await tf.setBackend('webgpu-fused');
    const read = (name) => readFileSync(process.argv[1] + '/' + name);
    const model = await loadGraphModel({ load: () =>
      tf.io.getModelArtifactsForJSON(JSON.parse(read('model.json')), async ([{ weights }]) =>
        [weights, new Uint8Array(read('weights.bin')).buffer]) });
    const x = tf.ones([1, 16, 16, 8]);
    await model.predict(x).data();
    const fused = await timeKernels(() => model.predict(x));
    await tf.setBackend('webgpu');
    const stock = await timeKernels(() => model.predict(x), { model });
    await tf.setBackend('webgpu-fused');
    process.stdout.write(reportHtml(model, { title: 'Mine & <yours>', times: { fused, stock } }));`;
  const command = ['--input-type=module', '--eval', script, folder];
  return execFileSync(process.execPath, command, { encoding: 'utf8', stdio: 'pipe' });
}

/** Opens the report offline; an error in it fails the test. */
async function open(options: object = {}, report = file): Promise<Page> {
  const page = await browser.newPage({ offline: true, ...options });
  page.on('pageerror', (error) => {
    throw error;
  });
  page.on('request', (request) => {
    if (!request.url().startsWith('file:')) throw new Error(`the report asks for ${request.url()}`);
  });
  await page.goto(pathToFileURL(report).href);
  await page.waitForSelector('.unit.kernel');
  return page;
}

test('one file without a reference to another one', () => {
  const text = readFileSync(file, 'utf8');
  expect(text).not.toMatch(/<(?:script|link|img)[^>]+(?:src|href)=/);
  expect(text.match(/<\/script>/g)).toHaveLength(2);
});

test('an app writes the report of a model that has run', () => {
  const html = readFileSync(written, 'utf8');
  expect(html).toMatch(/^<!doctype html>/);
  expect(html).toContain('<title>Mine &#38; &#60;yours&#62; · webgpu-fused</title>');
  const [, data] = /id="data">(.*?)<\/script>/.exec(html) ?? [];
  const { dispatches, plans, time } = JSON.parse(data) as {
    dispatches: { before: number; after: number };
    plans: { kernels: { ms: number }[] }[];
    time: { stock: number; stockNodes: Record<string, number> };
  };
  expect(plans[0].kernels.every(({ ms }) => ms >= 0)).toBe(true);
  expect(Object.keys(time.stockNodes).length).toBeGreaterThan(2 * BLOCKS);
  expect(time.stock).toBeGreaterThan(0);
  expect(plans[0].kernels).toHaveLength(dispatches.after);
  expect(dispatches.after).toBeLessThan(dispatches.before);
});

test('after: a box for each dispatch, with what was counted', async () => {
  const page = await open();
  const boxes = await page.locator('.unit.kernel').count();
  const told = JSON.parse(
    execFileSync(process.execPath, ['dist/cli.mjs', 'explain', folder, '--json'], {
      encoding: 'utf8',
    }),
  ) as {
    dispatches: { before: number; after: number };
  };
  expect(boxes).toBe(told.dispatches.after);
  expect(boxes).toBeLessThan(told.dispatches.before / 2);
  expect(await page.locator('.tile').first().textContent()).toContain(
    `${told.dispatches.before} → ${boxes}`,
  );
  expect(await page.locator('.life').count()).toBeGreaterThan(0);
  await page.close();
});

test('a box opens to its nodes, and shows the shader with the ops of its lines', async () => {
  const page = await open();
  await page.locator('.unit.kernel').nth(1).click();
  await expectText(page, '.details h3', 'Conv2D → Add → Relu6 → Add');
  expect(await page.locator('.line.part .op').allTextContents()).toContain('Relu6');
  await page.getByText('Open or close it in the graph').click();
  expect(await page.locator('.node').allTextContents()).toEqual(
    expect.arrayContaining([expect.stringContaining('Relu6')]),
  );
  await page.getByRole('button', { name: 'Before' }).click();
  expect(await page.locator('.node').count()).toBeGreaterThan(4 * BLOCKS);
  await page.close();
});

test('search finds nodes by name, and shows them', async () => {
  const page = await open();
  await page.getByRole('searchbox').fill('block_3/relu');
  await expectText(page, '.count', '1 found');
  await page.getByRole('searchbox').press('Enter');
  await expectText(page, '.details .name', 'net/block_3/relu');
  await page.close();
});

test.each([
  ['light, wide', { colorScheme: 'light', viewport: { width: 1400, height: 900 } }],
  ['dark, wide', { colorScheme: 'dark', viewport: { width: 1400, height: 900 } }],
  ['light, a phone', { colorScheme: 'light', viewport: { width: 390, height: 800 } }],
  ['dark, a phone', { colorScheme: 'dark', viewport: { width: 390, height: 800 } }],
])(
  '%s: nothing is wider than the page, and text is told from its ground',
  async (_what, options) => {
    const page = await open(options);
    const { scroll, width, ink, paper } = await page.evaluate(() => {
      const { color, backgroundColor } = getComputedStyle(document.body);
      const { scrollWidth, clientWidth } = document.documentElement;
      return { scroll: scrollWidth, width: clientWidth, ink: color, paper: backgroundColor };
    });
    expect(scroll).toBeLessThanOrEqual(width);
    expect(Math.abs(brightness(ink) - brightness(paper))).toBeGreaterThan(150);
    await page.close();
  },
);

test('steps of training that are alike are drawn once, as wide as the page has room', async () => {
  const script = `
    import { writeFileSync } from 'node:fs';
    import * as tf from '@tensorflow/tfjs';
    import { lastTrace } from 'tfjs-backend-webgpu-fused/node';
    import { reportHtml } from 'tfjs-backend-webgpu-fused/html';
    await tf.setBackend('webgpu-fused');
    const layers = Array.from({ length: 6 }, () => tf.variable(tf.randomUniform([8, 8])));
    const x = tf.randomUniform([4, 8]);
    const loss = () => tf.sum(tf.square(layers.reduce((y, w) => tf.tanh(tf.matMul(y, w)), x)));
    const optimizer = tf.train.adam();
    lastTrace();
    for (let step = 0; step < 8; step++) await optimizer.minimize(loss, true).data();
    writeFileSync(process.argv[1], reportHtml(lastTrace()));`;
  const trained = join(folder, 'training.html');
  execFileSync(process.execPath, ['--input-type=module', '--eval', script, trained], {
    stdio: 'pipe',
  });
  const page = await open({ viewport: { width: 1400, height: 900 } }, trained);
  const titles = await page.locator('.frame text').allTextContents();
  expect(titles.join('\n')).toMatch(/^flushes .* · \d+ times$/m);
  const { drawn, frame } = await page.evaluate(() => ({
    drawn: document.querySelector('svg.graph > g')?.getBoundingClientRect().width ?? 0,
    frame: document.querySelector('svg.graph')?.getBoundingClientRect().width ?? 0,
  }));
  expect(drawn).toBeLessThanOrEqual(frame);
  await page.close();
});

test('times of dispatches and nodes are sorted by the column that is chosen', async () => {
  const page = await open({}, written);
  const section = page.locator('section', { hasText: 'Where the time goes' });
  const numbers = async (): Promise<number[]> => {
    const texts = await section.locator('tbody').first().locator('td:last-child').allTextContents();
    return texts.map(Number);
  };
  await section.getByRole('button', { name: 'nodes', exact: true }).click();
  const sorted = await numbers();
  expect(sorted.length).toBeGreaterThan(BLOCKS);
  expect(sorted).toEqual([...sorted].sort((a, b) => b - a));
  await section.getByRole('button', { name: 'nodes', exact: true }).click();
  expect(await numbers()).toEqual(sorted.reverse());
  await section.locator('tbody .link').first().click();
  expect(await page.locator('.details dt').allTextContents()).toContain('time');
  await page.close();
});

async function expectText(page: Page, where: string, text: string): Promise<void> {
  expect((await page.locator(where).first().textContent())?.trim()).toBe(text);
}

/** Of `rgb(r, g, b)`, from 0 to 255. */
function brightness(color: string): number {
  const parts = (color.match(/\d+/g) ?? []).slice(0, 3).map(Number);
  return parts.reduce((sum, part) => sum + part / 3, 0);
}
