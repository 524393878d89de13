/** The page as a static site: its script, models, pictures. */
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { context, type BuildContext, type Plugin } from 'esbuild';
import { readArtifacts } from '../../bench/models/artifacts';
import { selectModels } from '../../bench/models/zoo';
import { reportPage } from '../../tools/build/report-page.mjs';
import { PHOTO_NAMES, photoFile } from '../demo/photos';
import { TASKS, type TaskName } from '../demo/tasks';
import { FILE_TYPE_MODEL } from './models';

const HERE = import.meta.dirname;
const ROOT = resolve(HERE, '../..');

type SiteTask = TaskName | 'text';

/** In the order of the page. */
const SITE_TASKS: readonly SiteTask[] = ['faces', 'people', 'pose', 'objects', 'safety', 'text'];
/** Their models are in the repository: nothing is fetched. */
const BUNDLED: readonly SiteTask[] = ['people', 'text'];

export interface SiteOptions {
  folder: string;
  /** Only what is in the repository: nothing is fetched. */
  isBundled: boolean;
}

/** Builds the site; what it gives can serve it, and is to be disposed of. */
export async function buildSite({ folder, isBundled }: SiteOptions): Promise<BuildContext> {
  const tasks = isBundled ? BUNDLED : SITE_TASKS;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const task of tasks) {
    await writeModel(join(folder, 'models'), task === 'text' ? FILE_TYPE_MODEL : TASKS[task].model);
  }
  const pictures = await copyPictures(folder, !isBundled);
  copyWasm(join(folder, 'wasm'));
  cpSync(join(HERE, 'index.html'), join(folder, 'index.html'));
  const made = await context({
    entryPoints: { app: join(HERE, 'main.ts') },
    outdir: folder,
    ...{ bundle: true, minify: true, format: 'esm', splitting: true, target: 'es2022' },
    chunkNames: 'chunks/[name]-[hash]',
    tsconfig: join(ROOT, 'tsconfig.test.json'), // the package by name is its sources
    logLevel: 'warning',
    plugins: [virtualModules({ tasks, photos: pictures })],
  });
  await made.rebuild();
  return made;
}

/** Modules that are made here: what the site has, and the page of a report. */
const virtualModules = (site: object): Plugin => ({
  name: 'virtual modules',
  setup(build) {
    build.onResolve({ filter: /^webgpu-fused:/ }, ({ path }) => ({ path, namespace: 'made' }));
    build.onLoad({ filter: /:site$/, namespace: 'made' }, () => ({
      contents: `export const site = ${JSON.stringify(site)};`,
    }));
    build.onLoad({ filter: /:page$/, namespace: 'made' }, async () => ({
      contents: await reportPage(),
    }));
  },
});

/** A model as tfjs loads it from an address, in whatever form its package keeps it. */
async function writeModel(folder: string, name: string): Promise<void> {
  const [entry] = selectModels([name]);
  const { weightData, weightSpecs, ...artifacts } = await readArtifacts(entry);
  const target = join(folder, name);
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'weights.bin'), new Uint8Array(weightData as ArrayBuffer));
  const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
  const format = `${entry.format}-model`;
  const json = JSON.stringify({ ...artifacts, format, weightsManifest });
  writeFileSync(join(target, 'model.json'), json);
}

async function copyPictures(folder: string, withPhotos: boolean) {
  const names = withPhotos ? PHOTO_NAMES : [];
  const files = await Promise.all(names.map(photoFile));
  const pictures = [
    ...files.map((from, at) => ({ name: names[at], from, file: `${names[at]}${extname(from)}` })),
    { name: 'a drawing', from: join(HERE, 'portrait.svg'), file: 'portrait.svg' },
  ];
  return pictures.map(({ name, from, file }) => {
    cpSync(from, join(folder, 'photos', file));
    return { name, file: `photos/${file}` };
  });
}

function copyWasm(folder: string): void {
  const require = createRequire(import.meta.url);
  const from = dirname(
    require.resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'),
  );
  for (const name of readdirSync(from).filter((file) => file.endsWith('.wasm'))) {
    cpSync(join(from, name), join(folder, basename(name)));
  }
}
