// dist/: ES modules and CommonJS for every entry, the program, one script-tag bundle (UMD), bundled types.
// The host, @tensorflow/*, always stays outside: its tables of kernels and ops are per copy.
import { existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import commonjs from '@rollup/plugin-commonjs';
import terser from '@rollup/plugin-terser';
import { transform } from 'esbuild';
import dts from 'rollup-plugin-dts';
import { benchPage } from './tools/build/bench-page.mjs';
import { privateNames } from './tools/build/private-names.mjs';
import { reportPage } from './tools/build/report-page.mjs';

const ENTRIES = {
  index: 'src/index.ts',
  pure: 'src/pure.ts',
  node: 'src/node.ts',
  report: 'src/report/index.ts',
  verify: 'src/verify/index.ts',
  plans: 'src/plans/index.ts',
  html: 'src/html/index.ts',
};

/** The `bin` of the package: an ES module with its libraries inside. */
const PROGRAM = { cli: 'src/cli.ts' };

const external = /^(@tensorflow\/|webgpu$|node:)/;

/** Modules that have to run before packages that a chunk imports: these are imported first. */
const manualChunks = {
  'before-peer': ['src/host/before-peer.ts'],
  'node-webgpu': ['src/host/node-webgpu.ts'],
};

/** Scripts of the host all extend one global object, `tf`. */
const globals = {
  '@tensorflow/tfjs-core': 'tf',
  '@tensorflow/tfjs-converter': 'tf',
  '@tensorflow/tfjs-backend-webgpu': 'tf',
};

/** TypeScript without its checks: `npm run typecheck` is where those are. */
const compile = () => ({
  name: 'typescript',
  resolveId(/** @type {string} */ source, /** @type {string | undefined} */ importer) {
    if (!importer || !source.startsWith('.')) return null;
    const path = resolve(dirname(importer), source);
    return [`${path}.ts`, `${path}/index.ts`].find((file) => existsSync(file)) ?? null;
  },
  transform: (/** @type {string} */ code, /** @type {string} */ id) =>
    id.endsWith('.ts')
      ? transform(code, {
          ...{ loader: 'ts', target: 'es2022', sourcefile: id, sourcemap: true },
          tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
        })
      : null,
});

/** Pages as text, by the modules that export them. */
const PAGES = { 'webgpu-fused:page': reportPage, 'webgpu-fused:bench-page': benchPage };

const pages = () => ({
  name: 'pages',
  resolveId: (/** @type {string} */ source) => (source in PAGES ? `\0${source}` : null),
  load: (/** @type {string} */ id) =>
    Object.entries(PAGES).find(([name]) => id === `\0${name}`)?.[1]() ?? null,
});

/** What the program has of its own: `commander`, which is CommonJS. */
const libraries = () => [
  {
    name: 'libraries',
    resolveId: (/** @type {string} */ source) =>
      source === 'commander' ? createRequire(import.meta.url).resolve(source) : null,
  },
  commonjs(),
];

const clean = () => ({
  name: 'clean',
  buildStart: () => rmSync('dist', { recursive: true, force: true }),
});

/** Of every output: the host's packages are modules with named exports, nothing else. */
const output = { exports: 'named', interop: 'esModule', sourcemap: true };

/** @type {(extension: string, format: import('rollup').ModuleFormat) => import('rollup').OutputOptions} */
const modules = (extension, format) => ({
  dir: 'dist',
  format,
  entryFileNames: `[name].${extension}`,
  chunkFileNames: `shared/[name].${extension}`,
  manualChunks,
  banner: ({ name }) => (name === 'cli' ? '#!/usr/bin/env node' : ''),
  ...output,
});

/**
 * First in the script-tag bundle, whose factory has the globals as arguments: without the scripts that
 * must come first it registers nothing, and says in one line which they are.
 */
const SCRIPT_GUARD = `
  const wrong = !tfjsCore?.registerBackend
    ? ['no global tf', 'the script of @tensorflow/tfjs (tf.min.js)']
    : !/^4\\./.test(tfjsCore.version_core ?? '4.')
      ? ['tfjs ' + tfjsCore.version_core, 'the script of @tensorflow/tfjs 4 (tf.min.js)']
      : !tfjsConverter.GraphModel
        ? ['a tf without loadGraphModel', 'the script of @tensorflow/tfjs-converter (tf-converter.min.js)']
        : !tfjsBackendWebgpu.WebGPUBackend
          ? ['a tf without WebGPUBackend', 'the script of @tensorflow/tfjs-backend-webgpu (tf-backend-webgpu.min.js)']
          : undefined;
  if (wrong) {
    console.error('[webgpu-fused] script tags: got ' + wrong[0] + '; needs ' + wrong[1] +
      ' before its own. Put the tags in the order tfjs, tfjs-backend-webgpu, this one.');
    return;
  }
`;

/** @type {(file: string, plugins?: import('rollup').OutputPluginOption) => import('rollup').OutputOptions} */
const script = (file, plugins) => ({
  file,
  format: 'umd',
  name: 'webgpuFused',
  globals,
  intro: SCRIPT_GUARD,
  plugins,
  ...output,
});

/** Comments and indentation go, of shaders too, which are strings to a minifier; lines keep their numbers. */
const uncomment = {
  name: 'uncomment',
  renderChunk: (/** @type {string} */ code) => ({
    code: code.replace(/^ *(\/\/.*$)?/gm, ''),
    map: null,
  }),
};

/**
 * One word for all declarations, which is written as often as `const` and `let` together. By the syntax tree: shaders
 * have constants, too.
 */
const lets = {
  name: 'lets',
  /** @this {import('rollup').PluginContext} */
  renderChunk(/** @type {string} */ code) {
    /** @type {number[]} */
    const found = [];
    /** @type {(node: unknown) => void} */
    const visit = (node) => {
      if (typeof node !== 'object' || node === null) return;
      const { type, kind, start } = /** @type {Record<string, unknown>} */ (node);
      if (type === 'VariableDeclaration' && kind === 'const') found.push(Number(start));
      Object.values(node).forEach(visit);
    };
    visit(this.parse(code));
    const begins = [0, ...found.sort((a, b) => a - b)];
    const parts = begins.map((at, i) => code.slice(at, begins[i + 1]).replace(/^const\b/, 'let'));
    return { code: parts.join(''), map: null };
  },
};

/** What only our own classes know of each other has short names. */
const properties = { regex: /^$/ };
const knowNames = {
  name: 'know-names',
  buildStart() {
    properties.regex = new RegExp(`^(${privateNames().join('|')})$`);
  },
};

/**
 * `tf.profile` names a kernel by its program's class. What is written alike everywhere is smaller when it is
 * compressed: statements stay apart, constants on the side where they stood, short functions where they are.
 */
const minify = terser({
  ecma: 2020,
  keep_classnames: /Program$/,
  // Only classes are constructors here: all other functions may be arrows.
  compress: {
    passes: 5,
    sequences: false,
    lhs_constants: false,
    comparisons: false,
    inline: 1,
    unsafe_arrows: true,
  },
  mangle: { properties },
});

/** @type {(extension: string) => import('rollup').OutputOptions} */
const types = (extension) => ({
  dir: 'dist',
  format: 'es',
  entryFileNames: `[name].d.${extension}`,
  chunkFileNames: `shared/[name].d.${extension}`,
});

/** @type {import('rollup').RollupOptions[]} */
export default [
  {
    input: { ...ENTRIES, ...PROGRAM },
    external,
    plugins: [clean(), compile(), pages(), ...libraries()],
    output: modules('mjs', 'es'),
  },
  {
    input: ENTRIES,
    external,
    plugins: [compile(), pages()],
    output: modules('cjs', 'cjs'),
  },
  {
    input: ENTRIES,
    external: [external, /^webgpu-fused:/],
    plugins: [dts({ compilerOptions: { stripInternal: true } })],
    output: [types('ts'), types('cts')],
  },
  // Last: it asks the published types which names an app may know.
  {
    input: ENTRIES.index,
    external,
    plugins: [compile(), knowNames],
    output: [
      script('dist/webgpu-fused.umd.js'),
      script('dist/webgpu-fused.umd.min.js', [uncomment, lets, minify]),
    ],
  },
];
