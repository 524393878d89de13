/** The documentation builds as a site: no link in it is dead, and every export has its comment there. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const SITE = '.cache/website/dist';

test('its pages, the exports and llms.txt are there', async () => {
  const run = promisify(execFile);
  const { stderr } = await run(process.execPath, ['tools/docs.mjs'], { timeout: 110_000 });
  expect(stderr).toContain(SITE);
  const read = (page: string): string => readFileSync(join(SITE, page), 'utf8');
  expect(read('index.html')).toContain('Fewer, larger kernels');
  expect(read('guide/drop-in.html')).toContain('aliasWebGPU');
  const exports = read('reference/index/index.html');
  for (const name of ['explain', 'warmup', 'capture', 'registerFusion', 'useDevice']) {
    expect(exports).toContain(`id="${name.toLowerCase()}"`);
  }
  const pages = [...read('llms.txt').matchAll(/\]\(([^)]+\.md)\)/g)].map(([, page]) => page);
  expect(pages.length).toBeGreaterThan(15);
  expect(pages.filter((page) => !existsSync(join(SITE, page)))).toEqual([]);
}, 120_000);
