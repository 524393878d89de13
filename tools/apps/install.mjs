// The folder in which the apps run, as their author has it: packages, and a copy of the built package.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, ROOT, runOrThrow } from '../support/process.mjs';

export const FOLDER = join(CACHE, 'apps');
const APPS = join(ROOT, 'examples', 'apps');
const NPM_FLAGS = [
  '--ignore-scripts',
  '--omit=optional',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
];

/**
 * Copies the apps to `.cache/apps`, and installs the packages of their package-lock.json there, once.
 *
 * @param {(line: string) => void} log
 */
export async function install(log) {
  const modules = join(FOLDER, 'node_modules');
  const isInstalled = existsSync(modules) && isSame('package-lock.json') && isSame('package.json');
  mkdirSync(FOLDER, { recursive: true });
  cpSync(APPS, FOLDER, { recursive: true });
  if (!isInstalled) {
    log('installing the packages of the apps in .cache/apps (480 MB, once)');
    try {
      await runOrThrow(['npm', 'ci', ...NPM_FLAGS], { cwd: FOLDER });
    } catch (error) {
      rmSync(modules, { recursive: true, force: true });
      throw error;
    }
  }
  const copy = join(modules, 'tfjs-backend-webgpu-fused');
  rmSync(copy, { recursive: true, force: true });
  cpSync(join(ROOT, 'dist'), join(copy, 'dist'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(copy, 'package.json'));
  rmSync(join(modules, 'webgpu'), { recursive: true, force: true });
  symlinkSync(join(ROOT, 'node_modules', 'webgpu'), join(modules, 'webgpu'));
}

/** @param {string} name @returns {boolean} whether the folder has this file as the repository has it */
function isSame(name) {
  const [here, there] = [APPS, FOLDER].map((folder) => join(folder, name));
  return existsSync(there) && readFileSync(here, 'utf8') === readFileSync(there, 'utf8');
}
