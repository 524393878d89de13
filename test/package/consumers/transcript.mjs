// Opens pages in headless Chromium and tells what their users see. Arguments: URLs. Each page has a
// promise `result`; what comes of it, and the console, is printed as a line of JSON for each page.
import { launchBrowser, openWithAdapter } from '../../../tools/browser/launch.mjs';

const urls = process.argv.slice(2);
/** Not localhost: no secure context, and so no WebGPU. */
const INSECURE = '--host-resolver-rules=MAP insecure.test 127.0.0.1';
/** With its own Vulkan, ANGLE takes the GPU process down when a canvas is read. */
const ANGLE = '--use-angle=swiftshader';
const browser = await launchBrowser({ args: [INSECURE, ANGLE] });
try {
  for (const url of urls) {
    const page = await browser.newPage();
    const lines = [];
    page.on('console', (message) => lines.push(message.text()));
    page.on('pageerror', (error) => lines.push(`uncaught ${error.message}`));
    if (url.includes('insecure.test')) await page.goto(url);
    else await openWithAdapter(page, url);
    const result = await page.evaluate(() =>
      Promise.resolve(globalThis.result).catch((error) => `failed: ${error}`),
    );
    process.stdout.write(`${JSON.stringify({ url, lines, result })}\n`);
    await page.close();
  }
} finally {
  await browser.close();
}
process.exit(0);
