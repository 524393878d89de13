/** `npm run test:packed`: from an empty folder, with the packed package, in every way that apps are built. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { smallGraphModel } from '../../test/support/small-graph-model';
import { serveFolder } from '../../test/support/static-server';
import { launchBrowser, openWithAdapter } from '../browser/launch.mjs';
import { CACHE, ROOT, logger, run } from '../support/process.mjs';
import { npmInstall, packInto, pinned, TFJS } from './app-folder.mjs';
import { CONSUMERS, type Consumer } from './consumers';

/** What an app came to. */
interface Told {
  backend?: string;
  values?: number[];
  expected?: number[];
  error?: string;
}

const NAMES = Object.keys(CONSUMERS);
const HELP = `Usage: npm run test:packed -- [text...]

Packs the built package, installs it with what the README names in an empty folder, .cache/packed, and runs the
README's example in every way that apps are built, from the newest bundlers of npm: each has to answer on webgpu-fused
what cpu answers. With text, only those that contain it. Run \`npm run build\` before.

  ${NAMES.join('\n  ')}
`;

const FOLDER = join(CACHE, 'packed');
const PATIENCE_MS = 120_000;
const TOLERANCE = 1e-4;
const log = logger('packed');

const asked = process.argv.slice(2).filter((word) => word !== '--');
if (asked.some((word) => word.startsWith('-'))) {
  process.stdout.write(HELP);
  process.exit(asked.every((word) => ['-h', '--help'].includes(word)) ? 0 : 2);
}
if (!existsSync(join(ROOT, 'dist', 'index.mjs'))) {
  log('dist/ is missing. Run `npm run build` first.');
  process.exit(1);
}
const chosen = NAMES.filter(
  (name) => asked.length === 0 || asked.some((text) => name.includes(text)),
);

const tarball = await packInto(FOLDER);
const extra = [...new Set(chosen.flatMap((name) => CONSUMERS[name].packages))];
log(`installing ${[...TFJS, tarball, ...extra].join(' ')} in an empty folder`);
await npmInstall(FOLDER, [
  ...pinned(...TFJS),
  `./${tarball}`,
  ...extra.map((name) => (name === 'webgpu' ? pinned(name)[0] : name)),
]);
const env = {
  ...process.env,
  PATH: join(FOLDER, 'node_modules', '.bin') + delimiter + (process.env.PATH ?? ''),
};

const { json, weights } = smallGraphModel();
const server = await serveFolder(FOLDER, {
  '/model/model.json': JSON.stringify(json),
  '/model/weights.bin': weights,
});
let browser: Browser | undefined;
let failed = 0;
for (const name of chosen) {
  const start = performance.now();
  const trouble = await consume(CONSUMERS[name]).catch((error: Error) => error.message);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  log(`${trouble ? 'FAILED' : 'ok'}, ${seconds} s: ${name}${trouble ? `: ${trouble}` : ''}`);
  if (trouble) failed++;
}
await browser?.close();
await server.close();
process.stdout.write(`${chosen.length - failed} passed, ${failed} failed\n`, () =>
  process.exit(failed > 0 ? 1 : 0),
);

/** What is wrong with it; nothing if nothing is. */
async function consume({ files, build, page, serve, run: command }: Consumer): Promise<string> {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(FOLDER, name)), { recursive: true });
    writeFileSync(join(FOLDER, name), text);
  }
  if (build) await inFolder(build);
  if (serve) return judge(await lookAtServer(serve));
  if (page) return judge(await look(`${server.url}/${page}`));
  if (!command) return '';
  if (!command.startsWith('node ')) {
    await inFolder(`${command} ${tarball}`);
    return '';
  }
  const said = await inFolder(`${command} ${server.url}/model/model.json`);
  return judge(JSON.parse(said.trim().split('\n').at(-1) ?? '') as Told);
}

async function inFolder(command: string): Promise<string> {
  const [program, ...args] = command.split(' ');
  const { code, stdout, stderr } = await run([program, ...args], { cwd: FOLDER, env });
  if (code === 0) return stdout;
  const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-30).join('\n');
  throw new Error(`${command} ends with ${code}:\n${said}`);
}

/** Opens a page, and waits until it tells what it came to. */
async function look(url: string): Promise<Told> {
  browser ??= await launchBrowser({ log });
  const page = await browser.newPage();
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', ({ message }) => said.push(message));
  try {
    await openWithAdapter(page, url);
    const told = await page.waitForFunction(() => (globalThis as { told?: Told }).told, undefined, {
      timeout: PATIENCE_MS,
    });
    return (await told.jsonValue()) as Told;
  } catch (error) {
    const [first] = (error as Error).message.split('\n');
    return { error: [first, ...said].join('\n') };
  } finally {
    await page.close();
  }
}

/** Starts a server of the app's own, which passes on to ours what it does not have. */
async function lookAtServer(command: string): Promise<Told> {
  const port = 5199;
  const url = `http://localhost:${port}`;
  const [program, ...args] = command.split(' ');
  const folder = join(FOLDER, args[0]);
  const proxy = { '/model': server.url };
  writeFileSync(
    join(folder, 'vite.config.js'),
    `export default ${JSON.stringify({ server: { proxy, hmr: false } })};`,
  );
  const child = spawn(program, [...args, String(port)], { cwd: FOLDER, env, stdio: 'ignore' });
  try {
    await untilServed(url, child);
    return await look(url);
  } finally {
    child.kill();
  }
}

async function untilServed(url: string, child: ChildProcess): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end && child.exitCode === null;) {
    if (await fetch(url).then(({ ok }) => ok, () => false)) return; // prettier-ignore
    await wait(200);
  }
  throw new Error(`nothing is served at ${url}`);
}

function judge({ backend, values = [], expected = [], error }: Told): string {
  if (error !== undefined) return error;
  if (backend !== 'webgpu-fused') return `it ran on ${backend}`;
  const isNear =
    values.length > 0 &&
    values.every((value, at) => Math.abs(value - expected[at]) <= TOLERANCE) &&
    values.some((value) => value !== 0);
  return isNear
    ? ''
    : `answers [${values.slice(0, 4).join()}…]; cpu [${expected.slice(0, 4).join()}…]`;
}
