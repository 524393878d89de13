// Finds a WebGPU adapter for Node, or makes one. A machine whose adapter works gets nothing.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CACHE, ROOT, logger, run } from '../support/process.mjs';
import { unpackFromPackage } from '../support/chromium-package.mjs';
import { downloadLavapipe, libraryFolders, whyNoArchive } from './lavapipe.mjs';

const DRIVERS = join(CACHE, 'gpu');
const PROBE = join(dirname(fileURLToPath(import.meta.url)), 'probe.mjs');
/** Set for child processes: the adapter was found, and the environment is made. */
const READY = 'WITH_GPU_ADAPTER';

/**
 * @typedef {object} Adapter
 * @property {string} vendor
 * @property {string} architecture
 * @property {string} device
 * @property {string} description
 * @property {string[]} features
 *
 * @typedef {object} Gpu
 * @property {Pick<Adapter, 'description'>} adapter what answers
 * @property {Record<string, string>} env variables that a process needs to see it, from its start
 *
 * @typedef {(line: string) => void} Log
 */

/**
 * Finds an adapter: one that works already (a GPU, or a driver that `VK_ICD_FILENAMES` names, or
 * the system's lavapipe); a software driver in `.cache/gpu`; lavapipe from the system's package
 * archive; SwiftShader from npm.
 *
 * @param {{log?: Log}} [options]
 * @returns {Promise<Gpu>}
 */
export async function ensureGpu({ log = logger('gpu') } = {}) {
  const ready = process.env[READY];
  if (ready) return { adapter: { description: ready }, env: {} };

  /** @type {string[]} what was tried, and what came of it */
  const tried = [];
  const own = await probe({}, tried, ownDriver());
  if (own) return describe(own, {});
  if (process.env.VK_ICD_FILENAMES ?? process.env.VK_DRIVER_FILES) {
    throw noGpu(tried, 'Unset it, so that a software driver can be found or fetched.');
  }
  if (process.platform !== 'linux') {
    throw noGpu(tried, 'A software driver can be fetched on Linux only: use a machine with a GPU.');
  }
  for (const attempt of [cachedDriver, lavapipe, swiftshader]) {
    const found = await attempt(tried, log);
    if (found) return found;
  }
  throw noGpu(
    tried,
    'Install Mesa 25 or newer (mesa-vulkan-drivers), or name a driver in VK_ICD_FILENAMES.',
  );
}

/** @type {(tried: string[], log: Log) => Promise<Gpu | undefined>} */
async function cachedDriver(tried) {
  for (const name of ['lavapipe', 'lavapipe-with-libraries', 'swiftshader']) {
    const found = await useDriver(name, tried, false);
    if (found) return found;
  }
}

/** @type {(tried: string[], log: Log) => Promise<Gpu | undefined>} */
async function lavapipe(tried, log) {
  const missing = whyNoArchive();
  if (missing) {
    tried.push(`lavapipe from the system's archive: ${missing}`);
    return undefined;
  }
  log('no WebGPU adapter here; fetching the software driver lavapipe into .cache/gpu');
  const alone = await provide('lavapipe', tried, log, (folder) =>
    downloadLavapipe(folder, { withLibraries: false, log }),
  );
  if (alone) return alone;
  log('lavapipe alone does not load here; fetching the libraries that it needs, too');
  return provide('lavapipe-with-libraries', tried, log, (folder) =>
    downloadLavapipe(folder, { withLibraries: true, log }),
  );
}

/** @type {(tried: string[], log: Log) => Promise<Gpu | undefined>} */
async function swiftshader(tried, log) {
  log('no lavapipe to be had here; falling back to SwiftShader (slow, without shader-f16)');
  return provide('swiftshader', tried, log, (folder) =>
    unpackFromPackage(['swiftshader.tar.br'], folder, log),
  );
}

/**
 * Downloads one driver and tries it.
 *
 * @param {string} name
 * @param {string[]} tried
 * @param {Log} log
 * @param {(folder: string) => Promise<void>} download
 */
async function provide(name, tried, log, download) {
  const folder = join(DRIVERS, name);
  try {
    await download(folder);
  } catch (error) {
    tried.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    rmSync(folder, { recursive: true, force: true });
    return undefined;
  }
  const found = await useDriver(name, tried, true);
  if (found) log(`ready: ${found.adapter.description}`);
  else rmSync(folder, { recursive: true, force: true });
  return found;
}

/**
 * Tries an unpacked driver.
 *
 * @param {string} name
 * @param {string[]} tried
 * @param {boolean} expected whether its absence is worth telling
 * @returns {Promise<Gpu | undefined>}
 */
async function useDriver(name, tried, expected) {
  const folder = join(DRIVERS, name);
  const manifest = join(folder, name === 'swiftshader' ? 'vk_swiftshader_icd.json' : 'icd.json');
  if (!existsSync(manifest)) {
    if (expected) tried.push(`${name}: no manifest was unpacked`);
    return undefined;
  }
  const runtime = join(CACHE, 'xdg-runtime');
  mkdirSync(runtime, { recursive: true, mode: 0o700 });
  /** @type {Record<string, string>} */
  const env = { VK_ICD_FILENAMES: manifest };
  env.XDG_RUNTIME_DIR = process.env.XDG_RUNTIME_DIR ?? runtime;
  if (name !== 'lavapipe') {
    const libraries = name === 'swiftshader' ? [folder] : libraryFolders(folder);
    env.LD_LIBRARY_PATH = [...libraries, process.env.LD_LIBRARY_PATH]
      .filter(Boolean)
      .join(delimiter);
  }
  const adapter = await probe(env, tried, `${name} in .cache/gpu`);
  return adapter && describe(adapter, env);
}

/**
 * Asks for an adapter in a process of its own, under these variables.
 *
 * @param {Record<string, string>} env
 * @param {string[]} tried
 * @param {string} label
 * @returns {Promise<Adapter | undefined>}
 */
async function probe(env, tried, label) {
  const options = { env: { ...process.env, ...env }, cwd: ROOT, timeout: 60_000 };
  const { code, stdout, stderr } = await run([process.execPath, PROBE], options);
  const line = stdout.trim().split('\n').pop() ?? '';
  if (code === 0 && line.startsWith('{')) return JSON.parse(line);
  if (/ERR_MODULE_NOT_FOUND/.test(stderr)) {
    throw new Error('The npm package `webgpu` is not installed. Run `npm ci` first.');
  }
  const reasons = stderr.split('\n').filter((text) => /warning|error|cannot/i.test(text));
  const reason = reasons.filter((text) => !text.includes('XDG_RUNTIME_DIR')).slice(0, 2);
  const outcome = code === 0 ? 'no adapter' : `the probe ended with exit code ${code}`;
  tried.push([`${label}: ${outcome}`, ...reason.map((text) => text.trim())].join('; '));
  return undefined;
}

/**
 * Adds what is not about finding the driver: where lavapipe keeps its compiled shaders.
 *
 * @param {Adapter} adapter
 * @param {Record<string, string>} env
 * @returns {Gpu}
 */
function describe(adapter, env) {
  /** @type {Record<string, string>} */
  const result = { ...env, [READY]: adapter.description || adapter.device || adapter.vendor };
  if (/llvmpipe|lavapipe/.test(adapter.description) && !process.env.MESA_SHADER_CACHE_DIR) {
    result.MESA_SHADER_CACHE_DIR = join(CACHE, 'mesa-shaders');
    mkdirSync(result.MESA_SHADER_CACHE_DIR, { recursive: true });
  }
  return { adapter, env: result };
}

/** @returns {string} how to name the driver that the machine already has */
function ownDriver() {
  const { VK_DRIVER_FILES, VK_ICD_FILENAMES } = process.env;
  if (VK_DRIVER_FILES) return `VK_DRIVER_FILES=${VK_DRIVER_FILES}`;
  if (VK_ICD_FILENAMES) return `VK_ICD_FILENAMES=${VK_ICD_FILENAMES}`;
  return "the system's own drivers";
}

/** @type {(tried: string[], cure: string) => Error} */
function noGpu(tried, cure) {
  const lines = tried.map((line) => `  - ${line}`).join('\n');
  return new Error(`No WebGPU adapter. Tried:\n${lines}\n${cure}`);
}
