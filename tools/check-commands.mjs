#!/usr/bin/env node
// Runs every command of the documentation in a clean clone, or in an app's folder with the packed package.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { commandsOfDocs } from './commands/extract.mjs';
import { ROWS, ROW_OF } from './commands/table.mjs';
import { ensureGpu } from './gpu/ensure-gpu.mjs';
import { packInto } from './packed/app-folder.mjs';
import { ensurePackages } from './support/packages.mjs';
import { CACHE, ROOT, logger, runInTerminal, runOrThrow } from './support/process.mjs';

const HELP = `Usage: npm run check:commands -- [text...] [options]

Runs every command of README, CONTRIBUTING, docs, examples and bench: those for a clone in a clean clone of what is
committed here, those for an app in a folder with the packed package. Commands that take long are ended once they have
printed what tools/commands/table.mjs waits for; it says as well which are not run, and why. Takes the better part of
an hour on a software adapter, and fetches what a new machine has to fetch.

  text...    only commands that contain one of these
  --spare    takes drivers, models and a browser from this checkout's .cache, to spare downloads
  --reuse    goes on in the folders of the last run
  --list     prints the commands and what becomes of them, and runs nothing
  -h, --help this text
`;

/** Of one command. */
const LIMIT_MS = 15 * 60_000;
/** What is ended may take so long to clear up. */
const GRACE_MS = 5000;
const SPARED = ['gpu', 'models', 'chromium', 'peers', 'apps', 'deno'];

const log = logger('commands');
const args = process.argv.slice(2).filter((name) => name !== '--');
const FLAGS = ['--spare', '--reuse', '--list'];
const unknown = args.filter((name) => name.startsWith('-') && !FLAGS.includes(name));
if (unknown.length > 0) {
  const isHelp = unknown.every((name) => ['-h', '--help'].includes(name));
  (isHelp ? process.stdout : process.stderr).write(HELP);
  process.exit(isHelp ? 0 : 2);
}

const documented = new Map();
for (const { file, command } of commandsOfDocs()) {
  documented.set(command, [...(documented.get(command) ?? []), file]);
}
const texts = args.filter((name) => !name.startsWith('-'));
const rows = ROWS.filter(
  ({ says, run }) =>
    says.some((said) => documented.has(said)) &&
    (texts.length === 0 || texts.some((text) => [...says, run].join('\n').includes(text))),
);
const strangers = [...documented.keys()].filter((command) => !ROW_OF.has(command));
for (const command of strangers) log(`${documented.get(command)}: ${command}: no row in the table`);

if (args.includes('--list')) {
  for (const row of rows) {
    const how = row.not
      ? `not run: ${row.not}`
      : `${row.run ?? row.says[0]}${row.until ? ` until ${row.until}` : ''}`;
    process.stdout.write(`${row.says.join(' | ')}\n    ${how}\n`);
  }
  process.exit(strangers.length > 0 ? 1 : 0);
}

const folder = join(CACHE, 'commands');
const clone = join(folder, 'clone');
const app = join(folder, 'app');
/** What an app's package.json would have of the registry. */
let tarball = '';
await ensurePackages(log);
const { env: gpu } = await ensureGpu({ log });
await prepare();

const counts = { passed: 0, failed: strangers.length, not: 0 };
for (const row of rows) {
  const command = row.run ?? row.says[0];
  if (row.not) {
    log(`not run: ${row.says[0]}: ${row.not}`);
    counts.not++;
    continue;
  }
  const start = performance.now();
  const trouble = await runRow(row, command);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  log(`${trouble ? 'FAILED' : 'ok'}, ${seconds} s: ${command}${trouble ? `: ${trouble}` : ''}`);
  counts[trouble ? 'failed' : 'passed']++;
}
const changed = (await runOrThrow(['git', '-C', clone, 'status', '--porcelain'])).stdout.trim();
if (changed) log(`changed in the clone:\n${changed}`);
process.stdout.write(
  `${counts.passed} passed, ${counts.failed} failed, ${counts.not} not run\n`,
  () => process.exit(counts.failed > 0 ? 1 : 0),
);

async function prepare() {
  mkdirSync(folder, { recursive: true });
  const isThere = args.includes('--reuse') && existsSync(clone);
  if (!isThere) {
    rmSync(clone, { recursive: true, force: true });
    await runOrThrow(['git', 'clone', '--quiet', ROOT, clone]);
    const spared = args.includes('--spare') ? SPARED : [];
    for (const name of spared.filter((each) => existsSync(join(CACHE, each)))) {
      cpSync(join(CACHE, name), join(clone, '.cache', name), { recursive: true, verbatimSymlinks: true }); // prettier-ignore
    }
  }
  if (!rows.some((row) => row.in === 'app')) return;
  const built = await runInTerminal(['npm', 'run', '--silent', 'build']);
  if (built !== 0) throw new Error('npm run build failed');
  tarball = await packInto(app);
  const model = join(ROOT, 'bench', 'models', 'meet');
  cpSync(join(model, 'meet.json'), join(app, 'model.json'));
  cpSync(join(model, 'meet.bin'), join(app, 'meet.bin'));
}

/**
 * Runs a command until it ends, or has printed what is waited for.
 *
 * @param {import('./commands/table.mjs').Row} row @param {string} command
 * @returns {Promise<string>} what is wrong; nothing if nothing is
 */
function runRow({ in: place = 'clone', until, exit = 0 }, command) {
  const isApp = place === 'app';
  // The package is on no registry yet: its tarball stands for its name.
  const line = isApp
    ? command.replace(/^(npm install .*)tfjs-backend-webgpu-fused$/, `$1./${tarball}`)
    : command;
  return new Promise((resolve) => {
    const child = spawn(line, {
      cwd: isApp ? app : clone,
      env: isApp ? { ...process.env, ...gpu } : withoutPackages(),
      shell: true,
      detached: true, // a group of its own, which can be ended as a whole
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    let isDone = false;
    const end = () => {
      signal(child, 'SIGTERM');
      setTimeout(() => signal(child, 'SIGKILL'), GRACE_MS).unref();
    };
    const timer = setTimeout(end, LIMIT_MS);
    const hear = (/** @type {Buffer} */ data) => {
      said = (said + String(data)).slice(-20_000);
      if (isDone || !until?.test(said)) return;
      isDone = true;
      end();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('exit', (code) => {
      clearTimeout(timer);
      signal(child, 'SIGKILL'); // what it left behind
      const isRight = until ? isDone : code === exit;
      resolve(
        isRight ? '' : `exit code ${code}:\n${said.trim().split('\n').slice(-15).join('\n')}`,
      );
    });
  });
}

/** @param {import('node:child_process').ChildProcess} child @param {NodeJS.Signals} name */
function signal(child, name) {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, name);
  } catch {
    // It has ended.
  }
}

/** As in a terminal: without the programs of this checkout, and what npm tells a script. */
function withoutPackages() {
  const entries = Object.entries(process.env).filter(([name]) => !/^npm_(?!config)/.test(name));
  const path = (process.env.PATH ?? '').split(':').filter((each) => !each.startsWith(ROOT));
  return { ...Object.fromEntries(entries), PATH: path.join(':') };
}
