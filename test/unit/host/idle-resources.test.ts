import { IdleResources } from '../../../src/host/idle-resources';

/** A pool of names, kept as stock keeps buffers: the one given back last is taken first. */
class Pool {
  readonly free = new Map<string, string[]>();
  readonly used = new Map<string, string[]>();
  readonly destroyed: string[] = [];
  readonly idle = new IdleResources<string>({
    free: this.free,
    used: this.used,
    destroy: (name) => this.destroyed.push(name),
  });
  private made = 0;

  take(key: string): string {
    if (!this.free.has(key)) this.free.set(key, []);
    if (!this.used.has(key)) this.used.set(key, []);
    const free = this.free.get(key) as string[];
    if (free.length > 0) this.idle.noteTaken(key, free.length - 1);
    const name = free.pop() ?? `${key}.${++this.made}`;
    this.used.get(key)?.push(name);
    return name;
  }

  giveBack(name: string): void {
    const [key] = name.split('.');
    const used = this.used.get(key) as string[];
    used.splice(used.indexOf(name), 1);
    this.free.get(key)?.push(name);
  }

  submit(times: number): void {
    for (let i = 0; i < times; i++) this.idle.noteSubmission();
  }
}

/** Submissions in which what lies free is destroyed. */
const LONG = 256;

test('what nobody takes is destroyed, and its key forgotten', () => {
  const pool = new Pool();
  const weight = pool.take('weights');
  pool.giveBack(pool.take('16'));
  pool.submit(LONG);
  expect(pool.destroyed).toEqual(['16.2']);
  expect([...pool.free.keys()]).toEqual(['weights']);
  expect([...pool.used]).toEqual([['weights', [weight]]]);
});

test('what comes again stays, and what was taken once too often does not', () => {
  const pool = new Pool();
  const both = [pool.take('16'), pool.take('16')];
  both.forEach((name) => pool.giveBack(name));
  for (let i = 0; i < 2 * LONG; i++) {
    pool.giveBack(pool.take('16'));
    pool.submit(1);
  }
  expect(pool.destroyed).toEqual([both[0]]);
  expect(pool.take('16')).toBe(both[1]);
});

test('what is in use is never destroyed, however long', () => {
  const pool = new Pool();
  const held = pool.take('16');
  pool.submit(10 * LONG);
  pool.giveBack(held);
  expect(pool.destroyed).toEqual([]);
  expect(pool.take('16')).toBe(held);
});

test('sizes that never come back do not add up', () => {
  const pool = new Pool();
  let most = 0;
  for (let size = 0; size < 5000; size++) {
    pool.giveBack(pool.take(String(size)));
    pool.submit(1);
    most = Math.max(most, pool.free.size);
  }
  expect(most).toBeLessThanOrEqual(LONG);
  expect(pool.used.size).toBeLessThanOrEqual(LONG);
});

test('a pool keeps one key at least: stock takes nothing back into a pool of none', () => {
  const pool = new Pool();
  pool.giveBack(pool.take('16'));
  pool.submit(4 * LONG);
  expect(pool.destroyed).toEqual(['16.1']);
  expect(pool.free.size).toBe(1);
});
