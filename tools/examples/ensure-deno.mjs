// Finds Deno, the runtime of the notebook's kernel, or fetches it.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, hasProgram, run, runOrThrow } from '../support/process.mjs';

const VERSION = '2.9.6';
const OLDEST_MAJOR = 2;

/** npm packages that carry the program, by Node's name of the platform. */
const PACKAGES = /** @type {Record<string, string>} */ ({
  'linux-x64': '@deno/linux-x64-glibc',
  'linux-arm64': '@deno/linux-arm64-glibc',
  'darwin-x64': '@deno/darwin-x64',
  'darwin-arm64': '@deno/darwin-arm64',
  'win32-x64': '@deno/win32-x64',
});

/**
 * The one on the `PATH` if it is recent, else the one of an npm package, fetched once into
 * `.cache/deno`.
 *
 * @param {(line: string) => void} log
 * @returns {Promise<string>} the program
 */
export async function ensureDeno(log) {
  if (hasProgram('deno') || hasProgram('deno.exe')) {
    const { stdout } = await run(['deno', '--version']);
    const major = Number(/^deno (\d+)/.exec(stdout)?.[1] ?? 0);
    if (major >= OLDEST_MAJOR) return 'deno';
  }
  const folder = join(CACHE, 'deno');
  const program = join(folder, process.platform === 'win32' ? 'deno.exe' : 'deno');
  if (existsSync(program)) return program;
  const name = PACKAGES[`${process.platform}-${process.arch}`];
  if (!name) {
    throw new Error(
      `No Deno here, and none on npm for ${process.platform}-${process.arch}. ` +
        'Install it (https://deno.com) so that it is on the PATH.',
    );
  }
  log(`fetching ${name}@${VERSION} from npm (about 40 MB, once)`);
  const partial = `${folder}.partial-${process.pid}`;
  mkdirSync(partial, { recursive: true });
  try {
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    const pack = [npm, 'pack', '--silent', `${name}@${VERSION}`, '--pack-destination', partial];
    await runOrThrow(pack, { cwd: partial, timeout: 600_000 });
    const [archive] = readdirSync(partial).filter((file) => file.endsWith('.tgz'));
    await runOrThrow(['tar', '-xzf', join(partial, archive), '-C', partial]);
    if (!existsSync(program)) {
      // A folder without the program is what was left of an attempt.
      rmSync(folder, { recursive: true, force: true });
      renameSync(join(partial, 'package'), folder);
    }
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return program;
}
