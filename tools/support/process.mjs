// Small helpers that every tool shares: where things are, how to run a command, how to speak.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Downloads and caches that may be deleted at any time. */
export const CACHE = join(ROOT, '.cache');

/**
 * @typedef {object} Result
 * @property {number} code exit code; 128 + n when a signal ended it
 * @property {string} stdout
 * @property {string} stderr
 */

/**
 * Runs a command, collects what it prints, never throws.
 *
 * @param {string[]} command
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv, timeout?: number, signal?: AbortSignal}} [options] `signal` kills it
 * @returns {Promise<Result>}
 */
export function run([file, ...args], { cwd = ROOT, env = process.env, timeout, signal } = {}) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    signal?.addEventListener('abort', () => child.kill('SIGKILL'));
    let stdout = '';
    let stderr = '';
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const finish = (/** @type {number} */ code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    };
    if (timeout) {
      timer = setTimeout(() => {
        stderr += `\nstopped after ${timeout / 1000} s`;
        child.kill('SIGKILL');
      }, timeout);
    }
    child.stdout.on('data', (data) => (stdout += data));
    child.stderr.on('data', (data) => (stderr += data));
    child.on('error', (error) => {
      stderr += String(error.message);
      finish(127);
    });
    child.on('close', (code) => finish(code ?? 137));
  });
}

/**
 * Like `run`, but a failure is an error that quotes the end of what the command said.
 *
 * @param {string[]} command
 * @param {Parameters<typeof run>[1]} [options]
 */
export async function runOrThrow(command, options) {
  const result = await run(command, options);
  if (result.code !== 0) {
    const said = `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-6).join('\n  ');
    throw new Error(`${command.slice(0, 2).join(' ')} failed (exit ${result.code}):\n  ${said}`);
  }
  return result;
}

/**
 * Runs a command with this terminal and hands back its exit code; Ctrl-C and kill reach it.
 *
 * @param {string[]} command
 * @param {NodeJS.ProcessEnv} [env]
 * @param {{signal?: AbortSignal}} [options] `signal` kills it
 * @returns {Promise<number>}
 */
export function runInTerminal([file, ...args], env = process.env, { signal } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      env,
      stdio: 'inherit',
      shell: process.platform === 'win32',
    });
    signal?.addEventListener('abort', () => child.kill('SIGKILL'));
    /** @type {NodeJS.Signals[]} */
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    const forward = (/** @type {NodeJS.Signals} */ name) => child.kill(name);
    for (const name of signals) process.on(name, forward);
    child.on('error', (error) => reject(new Error(`cannot run ${file}: ${error.message}`)));
    child.on('exit', (code) => {
      for (const name of signals) process.off(name, forward);
      resolve(code ?? 137);
    });
  });
}

/** @param {string} name @returns {boolean} whether a program of this name is on the PATH */
export function hasProgram(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
}

/** `PATH` with the programs of the installed packages first, as `npm run` has it. */
export function pathWithPackages() {
  const bin = join(ROOT, 'node_modules', '.bin');
  const path = process.env.PATH ?? '';
  return path.split(delimiter).includes(bin) ? path : bin + delimiter + path;
}

/** @param {string} topic @returns {(line: string) => void} a log on stderr, each line prefixed */
export function logger(topic) {
  return (line) => process.stderr.write(`[${topic}] ${line}\n`);
}
