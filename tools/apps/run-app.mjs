// One app on one backend, in Node or in headless Chromium.
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openWithAdapter } from '../browser/launch.mjs';
import { ROOT } from '../support/process.mjs';
import { FOLDER } from './install.mjs';

/** @typedef {import('./observe').Told} Told */
/** @typedef {(app: string, backend: string, calls: number) => Promise<Told>} RunApp */

/** Shaders are compiled on the CPU where there is no GPU. */
const TIMEOUT_MS = 600_000;

/**
 * Bundles an app with what observes it, as examples/apps/bundle.mjs says.
 *
 * @param {string} app @param {'Node' | 'Chromium'} place
 */
export async function bundleApp(app, place) {
  const { bundle } = await import('../../examples/apps/bundle.mjs');
  const entry = `${app}.entry.js`;
  const text = `
    import 'tfjs-backend-webgpu-fused';
    import * as tf from '@tensorflow/tfjs';
    import { tell } from ${JSON.stringify(join(ROOT, 'tools', 'apps', 'observe.ts'))};
    tell(() => import('./${app}.js'), () => tf.getBackend());
  `;
  writeFileSync(join(FOLDER, entry), text);
  const isNode = place === 'Node';
  const outfile = isNode ? `${app}.node.mjs` : `${app}.page.js`;
  await bundle({ entry, outfile, folder: FOLDER, isNode });
  const page = `<!doctype html><script type="module" src="${outfile}"></script>`;
  if (!isNode) writeFileSync(join(FOLDER, `${app}.html`), page);
}

/** @param {string} url @param {NodeJS.ProcessEnv} env @returns {RunApp} */
export function runnerInNode(url, env) {
  return (app, backend, calls) =>
    new Promise((resolve) => {
      const address = `${url}/?backend=${backend}&calls=${calls}`;
      const child = fork(join(FOLDER, `${app}.node.mjs`), [address], {
        env: { ...process.env, ...env },
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      });
      const timer = setTimeout(() => {
        resolve({ failure: `no answer within ${TIMEOUT_MS / 1000} s` });
        child.kill('SIGKILL');
      }, TIMEOUT_MS);
      let said = '';
      child.stderr?.on('data', (data) => (said = (said + String(data)).slice(-2000)));
      child.on('message', (told) => resolve(/** @type {Told} */ (told)));
      child.on('exit', (code, signal) => {
        clearTimeout(timer);
        resolve({
          failure: `the process ended (${signal ?? `exit code ${code}`}): ${said.trim()}`,
        });
      });
    });
}

/** @param {string} url @param {import('playwright-core').Browser} browser @returns {RunApp} */
export function runnerInChromium(url, browser) {
  return async (app, backend, calls) => {
    const page = await browser.newPage();
    try {
      await openWithAdapter(page, `${url}/${app}.html?backend=${backend}&calls=${calls}`);
      await page.waitForFunction('window.told', undefined, { timeout: TIMEOUT_MS, polling: 250 });
      return /** @type {Told} */ (await page.evaluate('window.told'));
    } catch (error) {
      return { failure: error instanceof Error ? error.message : String(error) };
    } finally {
      await page.close();
    }
  };
}
