// AMD's compiler without a GPU: Mesa's RADV on its null device, behind a driver of our own that keeps
// what it says of every pipeline.
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { downloadLavapipe, libraryFolders, whyNoArchive } from '../gpu/lavapipe.mjs';
import { CACHE, hasProgram, runOrThrow } from '../support/process.mjs';

const FOLDER = join(CACHE, 'isa');
const SOURCE = join(dirname(fileURLToPath(import.meta.url)), 'compiler-driver.c');
const DRIVER = 'libvulkan_radeon.so';

/**
 * The environment in which Node's WebGPU finds the compiler of an AMD GPU.
 *
 * @param {string} family RADV's name of the GPU, such as navi31
 * @param {string} output the folder for what the compiler says
 * @param {(line: string) => void} log
 * @returns {Promise<Record<string, string>>}
 */
export async function compilerEnvironment(family, output, log) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('AMD’s compiler can be had on x86-64 Linux only');
  }
  mkdirSync(FOLDER, { recursive: true });
  const { driver, libraries } = await findDriver(log);
  const manifest = join(FOLDER, 'icd.json');
  const icd = { library_path: await buildLayer(log), api_version: '1.3.0' };
  writeFileSync(manifest, JSON.stringify({ file_format_version: '1.0.0', ICD: icd }));
  return {
    VK_ICD_FILENAMES: manifest,
    XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? FOLDER,
    LD_LIBRARY_PATH: [...libraries, process.env.LD_LIBRARY_PATH].filter(Boolean).join(delimiter),
    MESA_SHADER_CACHE_DISABLE: 'true',
    RADV_FORCE_FAMILY: family,
    ISA_DRIVER: driver,
    ISA_OUTPUT: output,
    WITH_GPU_ADAPTER: `RADV’s compiler for ${family}`,
  };
}

/**
 * RADV comes in the package that lavapipe comes in: where that was unpacked, it is there.
 *
 * @param {(line: string) => void} log
 */
async function findDriver(log) {
  const own = join(FOLDER, 'mesa');
  const folders = [join(CACHE, 'gpu', 'lavapipe'), join(CACHE, 'gpu', 'lavapipe-with-libraries')];
  for (const folder of [...folders, own]) {
    const found = driverIn(folder);
    if (found) return found;
  }
  const obstacle = whyNoArchive();
  if (obstacle) throw new Error(`RADV cannot be fetched: ${obstacle}`);
  log('fetching Mesa’s Vulkan drivers into .cache/isa');
  await downloadLavapipe(own, { withLibraries: true, log });
  const found = driverIn(own);
  if (!found) throw new Error(`the archive’s Mesa holds no ${DRIVER}`);
  return found;
}

/** @param {string} folder */
function driverIn(folder) {
  if (!existsSync(folder)) return undefined;
  const libraries = libraryFolders(folder);
  const home = libraries.find((path) => readdirSync(path).includes(DRIVER));
  return home && { driver: join(home, DRIVER), libraries };
}

/**
 * Compiles the driver in front, unless that is done.
 *
 * @param {(line: string) => void} log
 * @returns {Promise<string>} its path
 */
async function buildLayer(log) {
  const library = join(FOLDER, 'compiler-driver.so');
  if (existsSync(library) && statSync(library).mtimeMs >= statSync(SOURCE).mtimeMs) return library;
  const compiler = ['cc', 'gcc', 'clang'].find(hasProgram);
  if (!compiler) throw new Error('no C compiler; install gcc or clang');
  log('compiling the driver that listens to RADV');
  const flags = ['-O1', '-fPIC', '-shared', '-Wall', '-ldl', '-lpthread'];
  try {
    await runOrThrow([compiler, SOURCE, '-o', library, ...flags]);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new Error(`${said}\nVulkan's headers are needed: install libvulkan-dev`, {
      cause: error,
    });
  }
  return library;
}
