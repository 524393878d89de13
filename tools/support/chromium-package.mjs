// The npm package that carries a headless Chromium and SwiftShader for Linux: the way to either
// without apt and without root. About 70 MB, fetched once, only where nothing else is there.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { CACHE, runOrThrow } from './process.mjs';

const PACKAGE = '@sparticuz/chromium@147.0.0';

/**
 * Fetches the package.
 *
 * @param {(line: string) => void} log
 * @returns {Promise<string>} its `bin` folder of brotli-packed files
 */
async function fetchPackage(log) {
  const folder = join(CACHE, 'chromium-package');
  const bin = join(folder, 'package', 'bin');
  if (existsSync(bin)) return bin;
  const partial = `${folder}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  log(`fetching ${PACKAGE} from npm (about 70 MB, once)`);
  const npm = ['npm', 'pack', '--silent', PACKAGE, '--pack-destination', partial];
  await runOrThrow(npm, { cwd: partial, timeout: 900_000 });
  const [archive] = readdirSync(partial).filter((name) => name.endsWith('.tgz'));
  await runOrThrow(['tar', '-xzf', join(partial, archive), '-C', partial]);
  rmSync(join(partial, archive));
  if (!existsSync(folder)) renameSync(partial, folder);
  rmSync(partial, { recursive: true, force: true });
  return bin;
}

/**
 * Unpacks files of the package: `x.tar.br` becomes a folder's content, `x.br` a program.
 *
 * @param {string[]} names
 * @param {string} folder
 * @param {(line: string) => void} log
 */
export async function unpackFromPackage(names, folder, log) {
  const bin = await fetchPackage(log);
  mkdirSync(folder, { recursive: true });
  for (const name of names) {
    const data = brotliDecompressSync(readFileSync(join(bin, name)));
    const target = join(folder, name.replace(/\.br$/, ''));
    writeFileSync(target, data, { mode: 0o755 });
    if (!target.endsWith('.tar')) continue;
    await runOrThrow(['tar', '-xf', target, '-C', folder]);
    rmSync(target);
  }
}
