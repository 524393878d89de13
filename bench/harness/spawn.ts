/** Runs tasks in child processes. */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorker } from './bundle';
import type { Message, ResultOf, Task } from './tasks/protocol';

/** How a task is run. */
export interface SpawnOptions {
  timeoutMs: number;
  onProgress?: (step: string) => void;
  /** Starts with an empty cache of compiled shaders, as on the first visit of a page. */
  coldShaderCache?: boolean;
}

/** Runs a task in a process of its own; rejects with a reason when it fails, crashes or hangs. */
export async function runInChild<T extends Task>(
  task: T,
  { timeoutMs, onProgress, coldShaderCache }: SpawnOptions,
): Promise<ResultOf<T>> {
  const worker = await bundleWorker();
  if (!coldShaderCache) return talk(worker, task, process.env, timeoutMs, onProgress);
  const cache = mkdtempSync(join(tmpdir(), 'shader-cache-'));
  try {
    const env = {
      ...process.env,
      MESA_SHADER_CACHE_DIR: cache,
      __GL_SHADER_DISK_CACHE_PATH: cache,
    };
    return await talk(worker, task, env, timeoutMs, onProgress);
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

function talk<T extends Task>(
  worker: string,
  task: T,
  env: NodeJS.ProcessEnv,
  timeoutMs: number,
  onProgress: SpawnOptions['onProgress'],
): Promise<ResultOf<T>> {
  return new Promise((resolve, reject) => {
    const child = fork(worker, { env, execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    const fail = (reason: string): void => reject(new Error(reason));
    const timer = setTimeout(() => {
      fail(`no answer within ${timeoutMs / 1000} s`);
      child.kill('SIGKILL');
    }, timeoutMs);
    let said = '';
    child.stderr?.on('data', (data) => (said = (said + String(data)).slice(-2000)));
    child.on('message', (message: Message) => {
      if ('progress' in message) onProgress?.(message.progress);
      else if ('result' in message) resolve(message.result as ResultOf<T>);
      else fail(message.failure);
    });
    child.on('error', ({ message }) => fail(message));
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      const last = said.trim().split('\n').pop() ?? '';
      fail(`the process ended (${signal ?? `exit code ${code}`}) ${last}`.trim());
    });
    child.send(task);
  });
}
