#!/usr/bin/env node
// The documentation as a site: the pages of docs/, and every export from its comments.
import { copyFileSync, cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePackages } from './support/packages.mjs';
import { CACHE, ROOT, logger, pathWithPackages, runInTerminal } from './support/process.mjs';

const HELP = `Usage: npm run docs -- [options]

Builds the documentation into .cache/website/dist, a folder to copy to any server.
  --serve      look at it on localhost; pages of docs/ are copied once
  -h, --help   this text

DOCS_BASE=/path/ in the environment is where the server has it.
`;

const WEBSITE = join(ROOT, 'website');
const PAGES = join(CACHE, 'website', 'pages');
const log = logger('docs');
const args = process.argv.slice(2);
const unknown = args.filter((name) => name !== '--serve');
if (unknown.length > 0) {
  const asked = unknown.every((name) => ['-h', '--help'].includes(name));
  (asked ? process.stdout : process.stderr).write(HELP);
  process.exit(asked ? 0 : 2);
}

try {
  await ensurePackages(log);
  rmSync(PAGES, { recursive: true, force: true });
  cpSync(join(ROOT, 'docs'), PAGES, { recursive: true });
  copyFileSync(join(WEBSITE, 'home.md'), join(PAGES, 'index.md'));
  // As they are, besides: llms.txt names the pages' text, and the first page shows the picture.
  cpSync(join(ROOT, 'docs'), join(PAGES, 'public'), { recursive: true });
  await runProgram('typedoc', '--options', join(WEBSITE, 'typedoc.json'));
  await runProgram('vitepress', args.includes('--serve') ? 'dev' : 'build', WEBSITE);
  log(join(CACHE, 'website', 'dist'));
} catch (error) {
  log(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

/** @param {string} name @param {string[]} rest */
async function runProgram(name, ...rest) {
  const program = join(ROOT, 'node_modules', '.bin', name);
  if (!existsSync(program)) throw new Error(`No ${name} here. Run npm ci.`);
  const code = await runInTerminal([program, ...rest], {
    ...process.env,
    PATH: pathWithPackages(),
  });
  if (code !== 0) throw new Error(`${name} failed with exit code ${code}`);
}
