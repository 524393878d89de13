// The page of `bench --browser` as a module of one text: what `webgpu-fused:bench-page` exports.
import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from '../support/process.mjs';

/** tfjs comes by scripts, all of which extend one global. */
const tfjsByScripts = {
  name: 'tfjs by scripts',
  setup(/** @type {import('esbuild').PluginBuild} */ build) {
    const namespace = 'global-tf';
    build.onResolve({ filter: /^@tensorflow\// }, ({ path }) => ({ path, namespace }));
    build.onLoad({ filter: /.*/, namespace }, () => ({
      contents: 'module.exports = globalThis.tf',
    }));
  },
};

/** @returns {Promise<string>} the source of the module */
export async function benchPage() {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'src/cli/browser/page.ts')],
    ...{ bundle: true, minify: true, write: false, format: 'esm', target: 'es2022' },
    plugins: [tfjsByScripts],
  });
  return `export const page = ${JSON.stringify(outputFiles[0].text.trim())};`;
}
