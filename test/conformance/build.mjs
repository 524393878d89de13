// Bundles tfjs-core's tests with both backends, so that all share one tfjs-core.
import { build } from 'esbuild';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));

/**
 * Writes the suite as one file.
 * @param {string} outfile
 * @param {'node' | 'browser'} platform a CommonJS module, or a script
 */
export async function buildSuite(outfile, platform) {
  await build({
    entryPoints: [join(HERE, 'suite.ts')],
    outfile,
    bundle: true,
    platform,
    format: platform === 'node' ? 'cjs' : 'iife',
    // The packages' ES modules: their `main` bundles would bring a tfjs-core each.
    mainFields: ['module', 'main'],
    conditions: ['import'],
    // tfjs-core says that its tests have no side effects; they register specs.
    ignoreAnnotations: true,
    // What tfjs asks for in Node only.
    external: ['node-fetch', 'string_decoder', 'util', 'crypto', 'fs', 'path'],
    logLevel: 'error',
  });
}
