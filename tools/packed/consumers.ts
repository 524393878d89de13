/** Apps of the packed package: what the README shows, built in every way that apps are built. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/process.mjs';

export interface Consumer {
  /** Packages besides those that the README names; of the registry's newest. */
  readonly packages: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  /** What builds it, by the programs of its packages. */
  readonly build?: string;
  /** A page that is opened once it is built; or a server of its own that serves it. */
  readonly page?: string;
  readonly serve?: string;
  /** What runs it in Node, or judges the package. */
  readonly run?: string;
}

const [code] = /^```js\n([\s\S]*?)^```$/m.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))?.slice(1) ?? ['']; // prettier-ignore
if (!code.includes('loadGraphModel'))
  throw new Error('The README has no example that loads a model.');

/** The example of the README, on this model, with an input for it; then the same on `cpu`. */
function app(tell: string, { url, more = '' }: { url: string; more?: string }): string {
  const onModel = code
    .replace('(url)', `(${url})`)
    .replace('(x)', '(tf.ones([1, ...model.inputs[0].shape.slice(1)]))');
  return `${more}${onModel}
const told = { backend: tf.getBackend(), values: [...(await y.data())] };
await tf.setBackend('cpu');
const again = await tf.loadGraphModel(${url}); // its weights on cpu
const expected = [...(await again.predict(tf.ones([1, ...again.inputs[0].shape.slice(1)])).data())];
${tell}({ ...told, expected });
`;
}

const MODEL_URL = "new URL('/model/model.json', location.href).href";
const main = app('globalThis.tell', { url: MODEL_URL });
const inWorker = app('postMessage', { url: MODEL_URL });
const startsWorker = `
const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
worker.onmessage = ({ data }) => globalThis.tell(data);
worker.onerror = ({ message }) => globalThis.tell({ error: message });
`;

/** A page that loads a script, and keeps what it is told. */
const html = (script: string): string =>
  `<!doctype html><meta charset="utf-8"><script>globalThis.tell = (told) => (globalThis.told = told); onerror = (message) => tell({ error: message }); onunhandledrejection = ({ reason }) => tell({ error: String(reason) });</script>${script}`;
const module = (src: string): string => html(`<script type="module" src="${src}"></script>`);

const MODULES = '/node_modules';
const TAGS = [
  `${MODULES}/@tensorflow/tfjs/dist/tf.min.js`,
  `${MODULES}/@tensorflow/tfjs-backend-webgpu/dist/tf-backend-webgpu.min.js`,
  `${MODULES}/tfjs-backend-webgpu-fused/dist/webgpu-fused.umd.min.js`,
];
const byTags = app('tell', { url: MODEL_URL }).replace(/^import .*$/gm, '');
const PRINT = '(told => console.log(JSON.stringify(told)))';
const inNode = { url: 'process.argv[2]' };

export const CONSUMERS: Readonly<Record<string, Consumer>> = {
  'script tags': {
    packages: [],
    files: {
      'tags.html': html(
        `${TAGS.map((src) => `<script src="${src}"></script>`).join('')}<script>(async () => {${byTags}})();</script>`,
      ),
    },
    page: 'tags.html',
  },
  'a worker, by importScripts': {
    packages: [],
    files: {
      'tags-worker.js': `importScripts(${TAGS.map((src) => `'${src}'`).join()});(async () => {${byTags.replace('tell(', 'postMessage(')}})();`,
      'tags-worker.html': html(
        `<script>const worker = new Worker('tags-worker.js'); worker.onmessage = ({ data }) => tell(data); worker.onerror = ({ message }) => tell({ error: message });</script>`,
      ),
    },
    page: 'tags-worker.html',
  },
  'Node, ES modules': {
    packages: ['webgpu'],
    files: { 'main.mjs': app(PRINT, inNode).replace("-fused'", "-fused/node'") },
    run: 'node main.mjs',
  },
  'Node, CommonJS': {
    packages: ['webgpu'],
    files: {
      'main.cjs': `(async () => {${app(PRINT, inNode)
        .replace(/import \* as tf from ('.*');/, 'const tf = require($1);')
        .replace(/import '(.*)';/, "require('$1/node');")}process.exit(0);})();`,
    },
    run: 'node main.cjs',
  },
  esbuild: {
    packages: ['esbuild'],
    files: { 'esbuild.html': module('dist-esbuild/main.js'), 'main.js': main },
    build: 'esbuild main.js --bundle --minify --format=esm --outdir=dist-esbuild',
    page: 'esbuild.html',
  },
  rollup: {
    packages: ['rollup', '@rollup/plugin-node-resolve', '@rollup/plugin-commonjs'],
    files: { 'rollup.html': module('dist-rollup/main.js'), 'main.js': main },
    build:
      'rollup main.js --plugin node-resolve={browser:true} --plugin commonjs --dir dist-rollup',
    page: 'rollup.html',
  },
  webpack: {
    packages: ['webpack', 'webpack-cli'],
    files: { 'webpack.html': module('dist-webpack/main.js'), 'main.js': main },
    build: 'webpack --mode production --entry ./main.js --output-path ./dist-webpack',
    page: 'webpack.html',
  },
  'webpack, in a worker': {
    packages: ['webpack', 'webpack-cli'],
    files: {
      'webpack-worker.html': module('dist-webpack-worker/main.js'),
      'starts-worker.js': startsWorker,
      'worker.js': inWorker,
    },
    build:
      'webpack --mode production --entry ./starts-worker.js --output-path ./dist-webpack-worker',
    page: 'webpack-worker.html',
  },
  vite: {
    packages: ['vite'],
    files: { 'vite/index.html': module('./main.js'), 'vite/main.js': main },
    build: 'vite build vite --logLevel warn --base ./',
    page: 'vite/dist/index.html',
  },
  'vite, in a worker': {
    packages: ['vite'],
    files: {
      'vite-worker/index.html': module('./main.js'),
      'vite-worker/main.js': startsWorker,
      'vite-worker/worker.js': inWorker,
      'vite-worker/vite.config.js': "export default { worker: { format: 'es' } };",
    },
    build: 'vite build vite-worker --logLevel warn --base ./',
    page: 'vite-worker/dist/index.html',
  },
  "vite's own server": {
    packages: ['vite'],
    files: { 'vite-serve/index.html': module('./main.js'), 'vite-serve/main.js': main },
    serve: 'vite vite-serve --port',
  },
  'are the types wrong': {
    packages: ['@arethetypeswrong/cli'],
    files: {},
    run: 'attw --format table-flipped --no-emoji',
  },
};
