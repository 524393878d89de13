/**
 * The worker as one would ship it. `tsx` gives every function its name at run time, which costs the
 * JavaScript of a first call 10 to 20 %; a bundle is what apps run.
 */
import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** In the checkout, so that the packages of the host are found from there. */
const OUT = join(ROOT, '.cache', 'bench');

let bundled: Promise<string> | undefined;

/** The worker's bundle, made once by each process that asks, and gone with it. */
export function bundleWorker(): Promise<string> {
  return (bundled ??= bundle());
}

async function bundle(): Promise<string> {
  const outdir = join(OUT, String(process.pid));
  process.once('exit', () => rmSync(outdir, { recursive: true, force: true }));
  await build({
    entryPoints: [join(ROOT, 'bench/harness/worker.ts')],
    outdir,
    bundle: true,
    // What is imported late stays apart: the host looks for WebGPU when it is loaded.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    outExtension: { '.js': '.mjs' },
    sourcemap: true,
    logLevel: 'error',
    plugins: [ownPlaces, tools],
  });
  return join(outdir, 'worker.mjs');
}

/** Modules find files beside them where they were written, not where the bundle is. */
const ownPlaces: Plugin = {
  name: 'own places',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/](bench|src)[\\/].*\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const place = JSON.stringify(pathToFileURL(path).href);
      return { loader: 'ts', contents: text.replaceAll('import.meta.url', place) };
    });
  },
};

/** `tools` is plain JavaScript and stays where it is. */
const tools: Plugin = {
  name: 'tools',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /[\\/]tools[\\/].*\.mjs$/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === tools) return null;
      const found = await resolve(path, { ...from, pluginData: tools });
      return { path: pathToFileURL(found.path).href, external: true };
    });
  },
};
