// A folder of an app: nothing but the packed package, and what its README says to install beside it.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, runOrThrow } from '../support/process.mjs';

/** @returns {string} the version of a package that the repository has */
const versionOf = (/** @type {string} */ name) =>
  JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')).version;

/** @param {string[]} names @returns {string[]} as npm installs them: what the repository has by that version */
export const pinned = (...names) => names.map((name) => `${name}@${versionOf(name)}`);

/** What the README names. */
export const TFJS = ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-webgpu'];

/**
 * Packs the built package into a folder, which is emptied before.
 *
 * @param {string} folder
 * @returns {Promise<string>} the name of the tarball
 */
export async function packInto(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const pack = ['npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [{ filename }] = JSON.parse((await runOrThrow(pack)).stdout);
  const manifest = { private: true, type: 'module' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  return filename;
}

/** @param {string} folder @param {string[]} packages */
export async function npmInstall(folder, packages) {
  const flags = ['--no-audit', '--no-fund', '--loglevel=error'];
  await runOrThrow(['npm', 'install', ...flags, ...packages], { cwd: folder });
}
