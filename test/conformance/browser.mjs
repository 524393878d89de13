// Runs the bundled suite in a page of headless Chromium.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchBrowser, openWithAdapter } from '../../tools/browser/launch.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));

/** With its own Vulkan, canvases that stock reads through show nothing but zeros. */
const ANGLE = '--use-angle=swiftshader';

/** The page: Jasmine's globals first, then the suite, which registers its specs as it loads. */
const PAGE = (
  /** @type {import('./session.mjs').Side} */ side,
) => `<!doctype html><meta charset="utf-8">
<script src="/jasmine.js"></script>
<script type="module">
  import { startSession } from '/session.mjs';
  const jasmine = jasmineRequire.core(jasmineRequire);
  Object.assign(globalThis, jasmineRequire.interface(jasmine, jasmine.getEnv()));
  const side = ${JSON.stringify(side)};
  const { environment, results } = startSession(jasmine, side, (done) => console.info(side.backend + ': ' + done + ' specs'));
  const suite = Object.assign(document.createElement('script'), { src: '/suite.js' });
  globalThis.result = new Promise((resolve, reject) => {
    suite.onerror = () => reject(new Error('the suite did not load'));
    suite.onload = () => environment.execute().then(() => resolve(results), reject);
  });
  document.head.append(suite);
</script>`;

/**
 * @param {string} suite the bundle, for browsers
 * @param {import('./session.mjs').Side} side
 * @returns {Promise<import('./session.mjs').Results>}
 */
export async function runInBrowser(suite, side) {
  const jasmine = createRequire(import.meta.url).resolve(
    'jasmine-core/lib/jasmine-core/jasmine.js',
  );
  /** @type {Record<string, [type: string, content: string | Buffer]>} */
  const files = {
    '/': ['text/html; charset=utf-8', PAGE(side)],
    '/jasmine.js': ['text/javascript', readFileSync(jasmine)],
    '/session.mjs': ['text/javascript', readFileSync(join(HERE, 'session.mjs'))],
    '/suite.js': ['text/javascript; charset=utf-8', readFileSync(suite)],
  };
  const server = createServer((request, response) => {
    const [type, content] = files[request.url ?? ''] ?? ['text/plain', ''];
    response.writeHead(content ? 200 : 404, { 'content-type': type }).end(content);
  });
  await new Promise((resolve) => server.listen(0, 'localhost', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const browser = await launchBrowser({ args: [ANGLE] });
  try {
    const page = await browser.newPage();
    page.on('console', (message) => {
      if (message.type() === 'info') console.error(message.text());
    });
    page.on('pageerror', (error) => console.error('uncaught:', error.message));
    await openWithAdapter(page, `http://localhost:${port}/`);
    await page.waitForFunction('globalThis.result !== undefined');
    return await page.evaluate('globalThis.result');
  } finally {
    await browser.close();
    server.close();
  }
}
