// Headless Chromium with WebGPU on its own software device, so that any machine shows the same.
import { chromium } from 'playwright-core';
import { ensureChromium } from './ensure-chromium.mjs';

const SWIFTSHADER = [
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--use-vulkan=swiftshader',
  '--use-angle=vulkan',
];
const QUIET = [
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** What tools/with-gpu.mjs sets is for Node: the browser brings drivers of its own. */
const NODE_ONLY = ['VK_ICD_FILENAMES', 'VK_DRIVER_FILES', 'LD_LIBRARY_PATH'];

/**
 * Starts a browser; the caller closes it. WebGPU needs a page on `http://localhost`.
 *
 * @param {{args?: string[], log?: (line: string) => void}} [options]
 * @returns {Promise<import('playwright-core').Browser>}
 */
export async function launchBrowser({ args = [], log } = {}) {
  const { executablePath, env } = await ensureChromium({ log });
  const inherited = Object.entries(process.env).filter(([name]) => !NODE_ONLY.includes(name));
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--enable-unsafe-webgpu', ...SWIFTSHADER, ...QUIET, ...args],
    env: { .../** @type {Record<string, string>} */ (Object.fromEntries(inherited)), ...env },
  });
}

/** How long Chromium's GPU process may take to start, on a machine that does other work. */
const ADAPTER_TIMEOUT_MS = 60_000;

/**
 * Opens an address once WebGPU has an adapter. While Chromium's GPU process is starting, or being
 * restarted, a page that asks is told that there is none, and an app then goes on without.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} url on localhost
 * @throws Error if there is no adapter for a minute
 */
export async function openWithAdapter(page, url) {
  const blank = new URL('/blank-page', url).href;
  await page.route(blank, (route) => route.fulfill({ contentType: 'text/html', body: '' }));
  const deadline = Date.now() + ADAPTER_TIMEOUT_MS;
  for (;;) {
    await page.goto(blank);
    if (await page.evaluate(async () => !!(await navigator.gpu?.requestAdapter()))) break;
    if (Date.now() > deadline) {
      throw new Error(
        `Chromium has offered no WebGPU adapter for ${ADAPTER_TIMEOUT_MS / 1000} s. Open ` +
          'chrome://gpu in it, or name another browser in CHROMIUM_PATH.',
      );
    }
    await page.waitForTimeout(500);
  }
  await page.goto(url);
}
