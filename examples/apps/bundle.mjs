// How an app here is bundled: what its user would write for esbuild (Vite's `resolve.alias` does the same).
//
// - `upscaler` and `basic-pitch` ask for tfjs 4.11 and 3: `overrides` of package.json give them the app's.
// - `@vladmandic/human` ships tfjs inside its default build, and for Node a build on TensorFlow's C library;
//   its third build imports the app's tfjs.
// - `@genai-fi/nanogpt` ships tfjs inside too, and has no other build: see nanogpt.js.
import { build } from 'esbuild';

/** @param {{entry: string, outfile: string, folder: string, isNode: boolean}} options `folder` has node_modules */
export function bundle({ entry, outfile, folder, isNode }) {
  return build({
    absWorkingDir: folder,
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
    alias: {
      '@vladmandic/human': './node_modules/@vladmandic/human/dist/human.esm-nobundle.js',
      ...(isNode && { 'tfjs-backend-webgpu-fused': 'tfjs-backend-webgpu-fused/node' }),
    },
    ...(isNode && {
      platform: 'node',
      mainFields: ['module', 'main'],
      external: ['webgpu'],
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
    }),
  });
}
