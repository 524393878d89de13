// The page of a report as a module of two texts: what `webgpu-fused:page` exports in every build.
import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from '../support/process.mjs';

/** @returns {Promise<string>} the source of the module */
export async function reportPage() {
  const [script, style] = await Promise.all(['main.ts', 'style.css'].map(bundle));
  return `export const script = ${JSON.stringify(script)};\nexport const style = ${JSON.stringify(style)};`;
}

/** @param {string} file of the page, with what it imports, as small as it gets */
async function bundle(file) {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'src/html/page', file)],
    ...{ bundle: true, minify: true, write: false, format: 'iife', target: 'es2022' },
  });
  return outputFiles[0].text.trim();
}
