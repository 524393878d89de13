/** The built package on a page that is visited twice: the second visit writes no shader. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { CONSUMERS, serveConsumers } from './support';

interface Visit {
  recalled: { programs: number; rewritings: number } | null;
  text: { written: number; found: number };
  values: number[];
  isKept: boolean;
}

test('what a page keeps in IndexedDB, its next visit need not write or search for', async () => {
  const { outputFiles } = await build({
    entryPoints: [`${CONSUMERS}/visit.js`],
    ...{ bundle: true, write: false, format: 'iife', target: 'es2022', logLevel: 'error' },
  });
  const page = `<!doctype html><meta charset="utf-8"><script>${outputFiles[0].text.replaceAll('</script', '<\\/script')}</script>`;
  const served = await serveConsumers({ '/pages/visit.html': page });
  try {
    const command = [`${CONSUMERS}/visits.mjs`, `${served.url}/pages/visit.html`];
    const { stdout } = await promisify(execFile)(process.execPath, command, { timeout: 100_000 });
    const [first, second] = JSON.parse(stdout) as Visit[];
    expect(first).toMatchObject({ recalled: null, isKept: true });
    expect(first.text.written).toBeGreaterThan(0);
    expect(second.recalled?.programs).toBeGreaterThan(0);
    expect(second.text).toMatchObject({
      ...{ written: 0, found: first.text.written + first.text.found },
    });
    expect(second.values).toEqual(first.values);
  } finally {
    await served.close();
  }
});
