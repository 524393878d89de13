// Two visits of one page in headless Chromium, which keeps what the first one kept. Arguments: the page's URL.
import { launchBrowser, openWithAdapter } from '../../../tools/browser/launch.mjs';

const [, , pageUrl] = process.argv;
const browser = await launchBrowser();
try {
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(error));
  const visits = [];
  for (let visit = 0; visit < 2; visit++) {
    await openWithAdapter(page, pageUrl);
    visits.push(await page.evaluate(() => globalThis.visit));
  }
  process.stdout.write(`${JSON.stringify(visits)}\n`);
} finally {
  await browser.close();
}
process.exit(0);
