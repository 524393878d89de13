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
