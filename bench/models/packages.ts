/** Fetches npm packages that nothing is installed from (models, pictures, peers), once. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, logger, runOrThrow } from '../../tools/support/process.mjs';

const FOLDER = join(CACHE, 'models');
const log = logger('packages');

/** An npm package at one version, with the integrity that the registry publishes for it. */
export interface PinnedPackage {
  package: string;
  integrity: string;
}

/** The folder of an unpacked package in `.cache/models`, fetched when it is not there yet. */
export async function fetchPackage(pin: PinnedPackage): Promise<string> {
  const slug = pin.package.replace(/^@/, '').replace(/[/@]/g, '-');
  const folder = join(FOLDER, slug, 'package');
  await fetchPackageTo(pin, folder);
  return folder;
}

/**
 * Unpacks a package into `folder` unless that exists.
 *
 * An interrupted fetch leaves nothing half done: the archive is packed and unpacked in a folder of
 * its own, of which the package gets its final name last.
 */
export async function fetchPackageTo(
  { package: spec, integrity }: PinnedPackage,
  folder: string,
): Promise<void> {
  if (existsSync(folder)) return;
  const partial = `${folder}.partial-${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  try {
    const archive = await pack(spec, partial);
    checkIntegrity(spec, archive, integrity);
    await runOrThrow(['tar', '-xzf', archive, '-C', partial]);
    if (!existsSync(folder)) renameSync(join(partial, 'package'), folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** Runs `npm pack` and returns the archive's path. */
async function pack(spec: string, folder: string): Promise<string> {
  log(`fetching ${spec} with npm pack`);
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const command = [npm, 'pack', '--loglevel=error', spec, '--pack-destination', folder];
  try {
    await runOrThrow(command, { cwd: folder, timeout: 900_000 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Could not fetch ${spec} from the npm registry. ${reason}`, { cause: error });
  }
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (!archive) throw new Error(`npm pack ${spec} left no archive.`);
  return join(folder, archive);
}

function checkIntegrity(spec: string, archive: string, expected: string): void {
  const bytes = readFileSync(archive);
  const actual = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  if (actual !== expected) {
    throw new Error(`${spec}: the archive is not the pinned one (got ${actual}, not ${expected}).`);
  }
  log(`${spec}: ${(bytes.length / 1e6).toFixed(1)} MB, integrity checked`);
}
