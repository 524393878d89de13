/**
 * Deletes checks one at a time under the pure tests in which they said no, all in one process: the tests are
 * collected instead of run, so that any of them can be called without a check.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { decisiveIn, failsWithout, left, tell } from './protocol';

/** Longer ones are random graphs, which near misses stand for. */
const MAX_MS = 500;

interface Collected {
  readonly run: () => unknown;
  ms: number;
}

type Body = (...args: unknown[]) => unknown;

const ROOT = join(__dirname, '..', '..');
const collected: Collected[] = [];
const real = { test, it, describe };

const argsOf = (row: unknown): unknown[] => (Array.isArray(row) ? row : [row]);
const collect = (_name: string, run: Body): void => void collected.push({ run, ms: 0 });
const each = (table: readonly unknown[]) => (_name: string, body: Body) => {
  for (const row of table) collect('', () => body(...argsOf(row)));
};
const group = (_name: string, body: Body): unknown => body();
const groups = (table: readonly unknown[]) => (_name: string, body: Body) => {
  for (const row of table) body(...argsOf(row));
};

beforeAll(() => {
  jest.spyOn(console, 'warn').mockImplementation();
});

const collecting = Object.assign(collect, { each });
Object.assign(globalThis, {
  ...{ test: collecting, it: collecting, describe: Object.assign(group, { each: groups }) },
});
for (const room of ['rules', 'patterns', 'compiler']) {
  const folder = join(ROOT, 'test', 'unit', room);
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const name of names.filter((one) => one.endsWith('.test.ts'))) {
    jest.requireActual(join(folder, name));
  }
}
Object.assign(globalThis, real);

test('unit tests without one check', async () => {
  const byCheck = new Map([...left].map((check): [number, Collected[]] => [check, []]));
  for (const [at, one] of collected.entries()) {
    if (at % 20 === 0)
      tell({ doing: `tests with every check in place: ${at} of ${collected.length}` });
    const start = performance.now();
    // What fails without the set-up of its file says nothing.
    const decisive = await decisiveIn(one.run).catch(() => []);
    one.ms = performance.now() - start;
    if (one.ms > MAX_MS) continue;
    for (const check of decisive) byCheck.get(check)?.push(one);
  }
  for (const [check, deciding] of byCheck) {
    tell({ at: check });
    let verdict = deciding.length === 0 ? 'never says no' : 'not missed';
    for (const { run } of deciding.sort((a, b) => a.ms - b.ms)) {
      // What fails a second time anyway says nothing of the check.
      if (!(await failsWithout(check, run)) || (await failsWithout(-1, run))) continue;
      verdict = 'missed';
      break;
    }
    tell({ number: check, verdict });
  }
}, 3_600_000);
