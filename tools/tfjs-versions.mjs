#!/usr/bin/env node
// Does the built package run on other versions of tfjs? Installs them, and runs test/package/versions.
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, ROOT, logger, runInTerminal, runOrThrow } from './support/process.mjs';

/** The oldest that the peer range allows, and some in between. */
const VERSIONS = ['4.11.0', '4.13.0', '4.17.0', '4.20.0'];

const HELP = `Usage: npm run test:tfjs -- [version...]

Installs versions of tfjs from npm into .cache/tfjs (${VERSIONS.join(', ')}, unless others are named), and
runs graph models, eager code and layers models of the built package with each, in Chromium and in Node.
Run \`npm run build\` before.
`;

const log = logger('tfjs');
const given = process.argv.slice(2).filter((name) => name !== '--');
if (given.some((name) => !/^\d+\.\d+\.\d+/.test(name))) {
  process.stdout.write(HELP);
  process.exit(given.every((name) => ['-h', '--help'].includes(name)) ? 0 : 2);
}
if (!existsSync(join(ROOT, 'dist', 'index.mjs'))) {
  log('dist/ is missing. Run `npm run build` first.');
  process.exit(1);
}
const versions = given.length > 0 ? given : VERSIONS;
for (const version of versions) await install(version);
process.env.TFJS_VERSIONS = versions.join();
const test = [process.execPath, 'tools/test.mjs', 'package', 'test/package/versions.test.ts'];
process.exit(await runInTerminal(test));

/** A folder with this version of tfjs and, as an app has it, a copy of the built package. @param {string} version */
async function install(version) {
  const folder = join(CACHE, 'tfjs', version);
  const modules = join(folder, 'node_modules');
  if (!existsSync(join(modules, '@tensorflow', 'tfjs-backend-webgpu'))) {
    log(`installing tfjs ${version}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const packages = ['tfjs', 'tfjs-backend-webgpu'].map(
      (name) => `@tensorflow/${name}@${version}`,
    );
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await runOrThrow(['npm', 'install', ...flags, ...packages], { cwd: folder });
  }
  const copy = join(modules, 'tfjs-backend-webgpu-fused');
  rmSync(copy, { recursive: true, force: true });
  cpSync(join(ROOT, 'dist'), join(copy, 'dist'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(copy, 'package.json'));
  rmSync(join(modules, 'webgpu'), { recursive: true, force: true });
  symlinkSync(join(ROOT, 'node_modules', 'webgpu'), join(modules, 'webgpu'));
}
