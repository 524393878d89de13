// Which sources have legality checks, and their checks, numbered.
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from '../support/process.mjs';
import { checksOf } from './checks.mjs';

const FOLDERS = ['src/patterns/rules', 'src/patterns/fuser'];

/** @typedef {import('./checks.mjs').Check & {number: number, file: string}} NumberedCheck */

/** By file, relative to the repository: its checks. @returns {Map<string, NumberedCheck[]>} */
export function allChecks() {
  /** @type {Map<string, NumberedCheck[]>} */
  const byFile = new Map();
  let number = 0;
  for (const folder of FOLDERS) {
    for (const name of readdirSync(join(ROOT, folder)).sort()) {
      const file = `${folder}/${name}`;
      const checks = checksOf(readFileSync(join(ROOT, file), 'utf8'), file);
      byFile.set(
        file,
        checks.map((check) => ({ ...check, file, number: number++ })),
      );
    }
  }
  return byFile;
}

/** A path as the table names it. @param {string} path */
export const nameOf = (path) => relative(ROOT, path).replaceAll('\\', '/');
