/** The parent's side of a process of one runtime. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AnswerTo, Message, Request } from './protocol';

/** Those that run: a stopped one would outlive this process. */
const alive = new Set<RuntimeProcess>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    for (const one of alive) one.close();
    process.kill(process.pid, signal);
  });
}

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));

/**
 * A runtime in a process of its own, stopped unless it is asked: some work on between runs, at the
 * cost of whoever has the turn.
 */
export class RuntimeProcess {
  private readonly child: ChildProcess;
  private said = '';

  constructor(private readonly timeoutMs: number) {
    this.child = fork(CHILD, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    alive.add(this);
    this.child.stderr?.on('data', (data) => {
      this.said = (this.said + String(data)).slice(-2000);
    });
  }

  /** Asks one thing at a time; rejects when it fails, crashes or takes too long. */
  ask<R extends Request>(request: R): Promise<AnswerTo<R>> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        this.signal('SIGSTOP');
        this.child.off('message', onMessage);
        this.child.off('exit', onExit);
        act();
      };
      const fail = (reason: string): void => settle(() => reject(new Error(reason)));
      const onMessage = (message: Message): void => {
        if ('failure' in message) fail(message.failure);
        else settle(() => resolve(message.result as AnswerTo<R>));
      };
      const onExit = (code: number | null, signal: string | null): void => {
        const last = this.said.trim().split('\n').pop() ?? '';
        fail(`the process ended (${signal ?? `exit code ${code}`}) ${last}`.trim());
      };
      const timer = setTimeout(() => {
        fail(`no answer within ${this.timeoutMs / 1000} s`);
        this.close();
      }, this.timeoutMs);
      this.child.on('message', onMessage);
      this.child.on('exit', onExit);
      this.signal('SIGCONT');
      this.child.send(request);
    });
  }

  /** Windows has no such signals: there it stays awake. */
  private signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    if (process.platform !== 'win32') this.child.kill(signal);
  }

  close(): void {
    this.child.kill('SIGKILL');
    alive.delete(this);
  }
}
