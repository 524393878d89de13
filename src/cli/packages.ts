/** Packages that a command needs and this one does not bring: where they are, and their versions. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CliError } from './cli-error';

/** Where packages are looked for: beside this one, then where the command was called. */
const ROOTS = [import.meta.url, pathToFileURL(join(process.cwd(), 'package.json')).href];

/** The file that importing a package loads; undefined if it is not installed. */
export function resolvePackage(name: string, through: readonly string[] = []): string | undefined {
  for (const root of ROOTS) {
    try {
      const last = through.reduce((from, step) => createRequire(from).resolve(step), root);
      return createRequire(last).resolve(name);
    } catch {
      // not there: the next place
    }
  }
  return undefined;
}

/**
 * Imports a package of the app's.
 *
 * @param through packages that bring it, where nobody else need have it.
 * @throws CliError if it is not installed.
 */
export async function importPackage<T>(
  what: string,
  name: string,
  needs: string,
  through: readonly string[] = [],
): Promise<T> {
  const file = resolvePackage(name) ?? resolvePackage(name, through);
  if (file === undefined) {
    throw new CliError(what, {
      got: `no package ${name}`,
      needs,
      cure: `Run npm install ${name}.`,
    });
  }
  return (await import(pathToFileURL(file).href)) as T;
}

/** The version of a package; undefined if it is not installed. */
export function versionOf(name: string): string | undefined {
  const file = resolvePackage(name);
  const folder = file === undefined ? undefined : folderOf(file, name);
  return folder === undefined ? undefined : readVersion(folder);
}

/** An installed copy of a package. */
export interface PackageCopy {
  readonly folder: string;
  readonly version: string;
}

/** All copies of a package below a project's `node_modules`, those that packages bring included. */
export function copiesOf(name: string, project: string): PackageCopy[] {
  const copies: PackageCopy[] = [];
  const visit = (modules: string): void => {
    const folder = join(modules, name);
    const version = readVersion(folder);
    if (version !== undefined) copies.push({ folder, version });
    for (const each of packagesIn(modules)) visit(join(each, 'node_modules'));
  };
  visit(join(project, 'node_modules'));
  return copies;
}

/** Folders of the packages in a `node_modules`; none where there is no such folder. */
function packagesIn(modules: string): string[] {
  if (!existsSync(modules)) return [];
  const names = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() && !entry.name.startsWith('.') ? [join(folder, entry.name)] : [],
    );
  return names(modules).flatMap((folder) =>
    folder.slice(dirname(folder).length + 1).startsWith('@') ? names(folder) : [folder],
  );
}

function folderOf(file: string, name: string): string | undefined {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, 'package.json');
    if (existsSync(path) && (readJson(path) as { name?: string }).name === name) return folder;
  }
  return undefined;
}

function readVersion(folder: string): string | undefined {
  const path = join(folder, 'package.json');
  return existsSync(path) ? (readJson(path) as { version?: string }).version : undefined;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
