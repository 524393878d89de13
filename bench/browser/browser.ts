/** Measures cases in headless Chromium, each in a page of its own. */
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { launchBrowser } from '../../tools/browser/launch.mjs';
import { serveFolder } from '../../test/support/static-server';
import type { CaseResult, CaseSettings } from '../transformer/measure';
import type { BenchPage } from './page';

type Browser = Awaited<ReturnType<typeof launchBrowser>>;
type Page = Awaited<ReturnType<Browser['newPage']>>;

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
  const server = await serveFolder('.', { '/page.html': HTML, '/page.js': await bundlePage() });
  const browser = await launchBrowser({ log: onProgress });
  const visit = async <T>(act: (page: Page) => Promise<T>): Promise<T> => {
    const page = await browser.newPage();
    try {
      await page.goto(`${server.url}/page.html`);
      return await act(page);
    } finally {
      await page.close();
    }
  };
  try {
    const adapter = await visit((page) =>
      page.evaluate(() => (globalThis as unknown as Scope).benchPage.describeAdapter()),
    );
    const results: CaseResult[] = [];
    const failures: string[] = [];
    for (const [index, name] of names.entries()) {
      onProgress(`Chromium: ${index + 1}/${names.length} ${name}`);
      const request = { name, settings };
      const measured = visit((page) =>
        page.evaluate(
          (asked) => (globalThis as unknown as Scope).benchPage.measure(asked.name, asked.settings),
          request,
        ),
      );
      await measured.then(
        (result) => results.push(result),
        (error: Error) => failures.push(`${name}: ${error.message.split('\n')[0]}`),
      );
    }
    return { browser: `Chromium ${browser.version()}`, adapter, results, failures };
  } finally {
    await browser.close();
    await server.close();
  }
}

/** The page's script, with the sources of the package as they are. */
async function bundlePage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('./page.ts', import.meta.url))],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    logLevel: 'error',
  });
  return outputFiles[0].text;
}
