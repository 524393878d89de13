/** Measures cases in headless Chromium, each in a browser of its own. */
import { bundlePage } from '../harness/bundle-page';
import { launchBrowser, openWithAdapter } from '../../tools/browser/launch.mjs';
import { serveFolder } from '../../test/support/static-server';
import type { CaseResult, CaseSettings } from '../transformer/measure';
import type { BenchPage } from './page';

type Page = Awaited<ReturnType<Awaited<ReturnType<typeof launchBrowser>>['newPage']>>;

const HTML = '<!doctype html><meta charset="utf-8"><script src="/page.js"></script>';

/** What the browser says of itself, and a result or a failure for each case. */
export interface BrowserReport {
  readonly browser: string;
  readonly adapter: string;
  readonly results: readonly CaseResult[];
  readonly failures: readonly string[];
}

/** A global of the page. */
interface Scope {
  readonly benchPage: BenchPage;
}

export async function measureInBrowser(
  names: readonly string[],
  settings: CaseSettings,
  onProgress: (step: string) => void,
): Promise<BrowserReport> {
  const server = await serveFolder('.', {
    '/page.html': HTML,
    '/page.js': await bundlePage('bench/browser/page.ts'),
  });
  const url = `${server.url}/page.html`;
  const results: CaseResult[] = [];
  const failures: string[] = [];
  try {
    const { browser, answer: adapter } = await inBrowser(url, onProgress, (page) =>
      page.evaluate(() => (globalThis as unknown as Scope).benchPage.describeAdapter()),
    );
    for (const [index, name] of names.entries()) {
      onProgress(`Chromium: ${index + 1}/${names.length} ${name}`);
      const measured = inBrowser(url, onProgress, (page) =>
        page.evaluate(
          (asked) => (globalThis as unknown as Scope).benchPage.measure(asked.name, asked.settings),
          { name, settings },
        ),
      );
      await measured.then(
        ({ answer }) => results.push(answer),
        (error: Error) => failures.push(`${name}: ${error.message.split('\n')[0]}`),
      );
    }
    return { browser, adapter, results, failures };
  } finally {
    await server.close();
  }
}

/** Opens a page in a browser, which a crash of the GPU process cannot take from other cases. */
async function inBrowser<T>(
  url: string,
  log: (line: string) => void,
  act: (page: Page) => Promise<T>,
): Promise<{ browser: string; answer: T }> {
  const browser = await launchBrowser({ log });
  try {
    const page = await browser.newPage();
    await openWithAdapter(page, url);
    return { browser: `Chromium ${browser.version()}`, answer: await act(page) };
  } finally {
    await browser.close();
  }
}
