// Finds a Chromium for headless tests, or makes one.
import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { CACHE, hasProgram, logger, run } from '../support/process.mjs';
import { unpackFromPackage } from '../support/chromium-package.mjs';

const KNOWN = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/**
 * @typedef {object} Chromium
 * @property {string} executablePath
 * @property {Record<string, string>} env what it needs in its environment
 */

/**
 * Finds a Chromium: the one that `CHROMIUM_PATH` names, or an installed one; as root on a system
 * with apt it installs Debian's; else it is unpacked from an npm package into `.cache/chromium`.
 *
 * @param {{log?: (line: string) => void}} [options]
 * @returns {Promise<Chromium>}
 */
export async function ensureChromium({ log = logger('browser') } = {}) {
  const named = process.env.CHROMIUM_PATH;
  if (named) {
    if (existsSync(named)) return { executablePath: named, env: {} };
    throw new Error(`CHROMIUM_PATH=${named} does not exist. Name a Chromium, or unset it.`);
  }
  const installed = KNOWN.find((path) => existsSync(path));
  if (installed) return { executablePath: installed, env: {} };
  const reason = (await installByApt(log)) ?? (await unpackChromium(log));
  if (typeof reason !== 'string') return reason;
  throw new Error(`No Chromium: ${reason}. Install one, or name it in CHROMIUM_PATH.`);
}

/**
 * @param {(line: string) => void} log
 * @returns {Promise<Chromium | undefined>}
 */
async function installByApt(log) {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !hasProgram('apt-get')) return;
  log('no Chromium here; installing the package chromium with apt-get (some minutes)');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run(['apt-get', '-q', 'update'], { env, timeout: 300_000 });
  const install = ['apt-get', '-q', '-y', '--no-install-recommends', 'install', 'chromium'];
  const { code, stderr } = await run(install, { env, timeout: 900_000 });
  const executablePath = KNOWN.find((path) => existsSync(path));
  if (executablePath) return { executablePath, env: {} };
  log(`apt-get could not (exit code ${code}): ${stderr.trim().split('\n').pop()}`);
}

/**
 * @param {(line: string) => void} log
 * @returns {Promise<Chromium | string>} or why not
 */
async function unpackChromium(log) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `none is installed, and none can be fetched for ${process.platform} ${process.arch}`;
  }
  const folder = join(CACHE, 'chromium');
  const executablePath = join(folder, 'chromium');
  if (!existsSync(executablePath)) {
    log('no Chromium here; unpacking one from npm into .cache/chromium');
    const files = ['al2023.tar.br', 'fonts.tar.br', 'swiftshader.tar.br', 'chromium.br'];
    await unpackFromPackage(files, folder, log);
  }
  const libraries = [folder, join(folder, 'lib')];
  const fontCache = join(folder, 'font-cache');
  mkdirSync(fontCache, { recursive: true });
  const inherited = process.env.LD_LIBRARY_PATH;
  return {
    executablePath,
    env: {
      LD_LIBRARY_PATH: [...libraries, inherited].filter(Boolean).join(delimiter),
      FONTCONFIG_PATH: folder,
      XDG_CACHE_HOME: fontCache,
    },
  };
}
