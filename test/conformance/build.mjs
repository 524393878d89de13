// Bundles tfjs-core's tests with both backends, so that all share one tfjs-core.
import { build } from 'esbuild';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));

/**
 * Writes the suite as one CommonJS file.
 * @param {string} outfile
 */
export async function buildSuite(outfile) {
  await build({
    entryPoints: [join(HERE, 'suite.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    // The packages' ES modules: their `main` bundles would bring a tfjs-core each.
    mainFields: ['module', 'main'],
    conditions: ['import'],
    // tfjs-core says that its tests have no side effects; they register specs.
    ignoreAnnotations: true,
    external: ['node-fetch', 'string_decoder'],
    logLevel: 'error',
  });
}
