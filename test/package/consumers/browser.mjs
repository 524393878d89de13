// The built package by script tag, in headless Chromium. Arguments: the page's URL, the model's
// URL, the backend.
import { launchBrowser, openWithAdapter } from '../../../tools/browser/launch.mjs';

const [, , pageUrl, modelUrl, backend] = process.argv;
const browser = await launchBrowser();
try {
  const page = await browser.newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) console.error(message.text());
  });
  page.on('pageerror', (error) => console.error(error));
  await openWithAdapter(page, pageUrl);
  const result = await page.evaluate(
    (options) => globalThis.predict(globalThis.tf, globalThis.webgpuFused, options),
    { modelUrl, backend },
  );
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  await browser.close();
}
process.exit(0);
