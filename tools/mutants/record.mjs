// What runs of `npm run test:mutants` have found of the sources as they are, kept as it is done.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT } from '../support/process.mjs';

/** What a verdict depends on. */
const FOLDERS = ['src', 'test/unit', 'test/support', 'test/fuzz', 'tools/mutants'];

/** By stage, then by check: what came of it. @typedef {Record<string, Record<number, string>>} Verdicts */

/**
 * The record of the sources as they are; an empty one if they have changed, or if it is to be `fresh`.
 *
 * @param {string} folder
 * @param {boolean} fresh
 * @returns {{verdicts: Verdicts, save(): void}}
 */
export function openRecord(folder, fresh) {
  const file = join(folder, 'found.json');
  const sources = hashOf(FOLDERS);
  const earlier = fresh ? null : read(file);
  const verdicts = earlier?.sources === sources ? earlier.verdicts : {};
  return { verdicts, save: () => writeFileSync(file, JSON.stringify({ sources, verdicts })) };
}

/** @param {string} file @returns {{sources: string, verdicts: Verdicts} | null} */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null; // none yet, or one that was cut off while it was written
  }
}

/** @param {readonly string[]} folders */
function hashOf(folders) {
  const hash = createHash('sha256');
  for (const folder of folders) {
    const names = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .filter((name) => !['harmless.mjs', 'main.mjs'].includes(basename(name)))
      .sort();
    for (const name of names) hash.update(name).update(readFileSync(name));
  }
  return hash.digest('hex');
}
