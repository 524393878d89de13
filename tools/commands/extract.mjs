// The shell commands of the documentation: lines of ```sh blocks, and `npm …` and its like in the text.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/process.mjs';

const PAGES = ['README.md', 'CONTRIBUTING.md', 'bench/README.md'];
const FOLDERS = ['docs', 'examples', 'website'];
const BLOCK = /^```sh\n([\s\S]*?)^```$/gm;
const INLINE = /`((?:npm|npx|node|tsx) [^`]+)`/g;

/** @typedef {{file: string, command: string}} Said a command, and the page that says it */

/** Every command of the documentation, page by page. @returns {Said[]} */
export function commandsOfDocs() {
  const inFolders = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
      .map((name) => join(folder, name)),
  );
  return [...PAGES, ...inFolders.sort()].flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    return commandsOf(text).map((command) => ({ file, command }));
  });
}

/** @param {string} text of a page @returns {string[]} each command once */
export function commandsOf(text) {
  const blocks = [...text.matchAll(BLOCK)].flatMap(([, lines]) => lines.split('\n'));
  const inline = [...text.replace(BLOCK, '').matchAll(INLINE)].map(([, command]) => command);
  const commands = [...blocks.map((line) => line.replace(/(^|\s)#.*$/, '')), ...inline];
  return [...new Set(commands.map((line) => line.trim()).filter((line) => line !== ''))];
}
