/** `bench --browser`: serves a page on localhost, and waits for what it measures. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { page } from 'webgpu-fused:bench-page';
import type { BenchReport, SidesSettings } from '../bench-sides';
import { CliError } from '../cli-error';
import type { ModelFiles } from '../model-files';
import { PATHS, type PageRequest, type PageResult } from './protocol';
import { scriptFiles } from './scripts';

/** What runs the page. */
export interface BrowserChoice {
  /** A program to start, or `true`: somebody opens the address. */
  readonly browser: string | true;
  readonly args: readonly string[];
}

/** A page that says nothing for so long is taken for dead. */
const SILENCE_MS = 10 * 60_000;

/** @throws CliError if the browser cannot be started, or its page fails or says nothing. */
export async function benchInBrowser(
  { name, kind, artifacts }: ModelFiles,
  settings: SidesSettings,
  { browser, args }: BrowserChoice,
  onProgress: (step: string) => void,
): Promise<BenchReport> {
  const { weightData, ...topology } = artifacts;
  const request: PageRequest = { name, kind, artifacts: topology, settings };
  const scripts = scriptFiles();
  const tags = scripts.map((_, at) => `<script src="/script-${at}.js"></script>`).join('');
  const html =
    '<!doctype html><meta charset="utf-8"><title>webgpu-fused bench</title>' +
    `<body style="font:16px system-ui;margin:2em">${tags}<script type="module" src="/page.js"></script>`;
  const contents: Record<string, () => Promise<string | Buffer> | string | Uint8Array> = {
    '/': () => html,
    '/page.js': () => page,
    [PATHS.request]: () => JSON.stringify(request),
    [PATHS.weights]: () => bytesOf(weightData),
    ...Object.fromEntries(
      scripts.map((file, at) => [`/script-${at}.js`, () => readFile(file)] as const),
    ),
  };
  return new Promise<BenchReport>((resolve, reject) => {
    let running: RunningBrowser | undefined;
    let silence: NodeJS.Timeout;
    const end = (act: () => void): void => {
      clearTimeout(silence);
      server.closeAllConnections();
      server.close();
      running?.stop();
      act();
    };
    const fail = (got: string, cure: string): void =>
      end(() => reject(new CliError('bench', { got, needs: 'a page that reports', cure })));
    const heard = (): void => {
      clearTimeout(silence);
      const got = `nothing from a page for ${SILENCE_MS / 60_000} minutes`;
      silence = setTimeout(
        () => fail(got, 'Look at the page; close it and try again.'),
        SILENCE_MS,
      );
    };
    const onPost: Record<string, (body: string) => void> = {
      [PATHS.progress]: onProgress,
      [PATHS.result]: (body) => {
        const result = JSON.parse(body) as PageResult;
        if ('failure' in result) end(() => reject(new Error(result.failure)));
        else end(() => resolve(result.report));
      },
    };
    const server = createServer((request, response) => {
      heard();
      const { pathname } = new URL(request.url ?? '/', 'http://localhost');
      const take = request.method === 'POST' ? onPost[pathname] : undefined;
      const give = contents[pathname];
      if (take) {
        void textOf(request).then((body) => response.end(() => take(body)));
      } else if (give) {
        void Promise.resolve(give()).then((data) =>
          response.writeHead(200, { 'content-type': typeOf(pathname) }).end(data),
        );
      } else {
        response.writeHead(404).end();
      }
    });
    server.listen(0, 'localhost', () => {
      const address = `http://localhost:${(server.address() as AddressInfo).port}/`;
      heard();
      if (browser === true) {
        onProgress(`open ${address} in the browser that is to be measured`);
        return;
      }
      onProgress(`starting ${browser} with ${address}`);
      running = startBrowser(browser, [...args, address], (why) =>
        fail(`${browser} that ${why}`, 'Name a browser, or leave it out and open the address.'),
      );
    });
  });
}

interface RunningBrowser {
  stop(): void;
}

/** A browser with a profile of its own: one that runs already would take the address and end. */
function startBrowser(
  program: string,
  args: readonly string[],
  onEnd: (why: string) => void,
): RunningBrowser {
  const profile = mkdtempSync(join(tmpdir(), 'webgpu-fused-bench-'));
  const own = [`--user-data-dir=${profile}`, '--no-first-run'];
  const child: ChildProcess = spawn(program, [...own, ...args], { stdio: 'ignore' });
  let isStopped = false;
  const clean = (): void => rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
  child.on('error', (error) => onEnd(`does not start: ${error.message}`));
  child.on('exit', (code) => {
    clean();
    if (!isStopped) onEnd(`ended before its page did, with ${code}`);
  });
  return {
    stop() {
      isStopped = true;
      child.kill();
    },
  };
}

function bytesOf(weights: ModelFiles['artifacts']['weightData']): Uint8Array {
  const parts = weights === undefined ? [] : [weights].flat();
  return Buffer.concat(parts.map((part) => new Uint8Array(part)));
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

function typeOf(path: string): string {
  if (path === '/') return 'text/html; charset=utf-8';
  return path.endsWith('.js') ? 'text/javascript' : 'application/octet-stream';
}
