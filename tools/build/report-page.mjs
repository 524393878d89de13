// The page of a report as a module of two texts: what `webgpu-fused:page` exports in every build.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { minify } from 'terser';
import { ROOT } from '../support/process.mjs';

/** @returns {Promise<string>} the source of the module */
export async function reportPage() {
  const [bundled, style] = await Promise.all(['main.ts', 'style.css'].map(bundle));
  const { code: script } = await minify(bundled, { ecma: 2020, compress: { passes: 3 } });
  return `export const script = ${JSON.stringify(script)};\nexport const style = ${JSON.stringify(style)};`;
}

/** @param {string} file of the page, with what it imports, as small as it gets */
async function bundle(file) {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'src/html/page', file)],
    ...{ bundle: true, minify: true, write: false, format: 'iife', target: 'es2022' },
    plugins: [withoutNamespaces],
  });
  return outputFiles[0].text.trim();
}

/** What dagre reads of its own namespaces; the page imports by name, and needs none of them. */
const READ = ['preorder', 'postorder'];

/**
 * dagre is published as one file, with tables of getters for the namespaces of the library inside it. A bundler has to
 * keep all that these tables name: shortest paths, spanning trees, a format of files.
 *
 * @type {import('esbuild').Plugin}
 */
const withoutNamespaces = {
  name: 'without-namespaces',
  setup({ onLoad }) {
    onLoad({ filter: /dagre\.esm\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const contents = text.replace(/\{(?:\w+:\(\)=>[\w$]+,?)+\}/g, (table) => {
        const entries = table.slice(1, -1).split(',');
        return `{${entries.filter((entry) => READ.includes(entry.split(':')[0])).join()}}`;
      });
      return { contents, loader: 'js' };
    });
  },
};
