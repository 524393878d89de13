// One run after the other of a test that deletes checks, until something is known of each.
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run } from '../support/process.mjs';

/** After this long without a word, a deleted check has sent a search in circles. */
const MAX_SILENCE_MS = 30_000;
const TELL_EVERY_MS = 5_000;

/** @typedef {{at?: number, number?: number, verdict?: string, doing?: string}} Line */

/**
 * What comes of each of `numbers`, one after the other.
 *
 * @param {string} test the name of a test in tools/mutants
 * @param {{numbers: readonly number[], folder: string, until: number}} options
 * @param {(number: number, verdict: string) => void} found
 */
export async function runStage(test, { numbers, folder, until }, found) {
  const file = join(folder, `${test}.jsonl`);
  const left = new Set(numbers);
  while (left.size > 0 && Date.now() < until) {
    rmSync(file, { force: true });
    writeFileSync(file, '');
    const stop = new AbortController();
    let read = 0;
    let at = -1;
    let heard = Date.now();
    let doing = '';
    let isStuck = false;
    const listen = () => {
      const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
      if (lines.length > read) heard = Date.now();
      for (const text of lines.slice(read)) {
        /** @type {Line} */
        const line = JSON.parse(text);
        if (line.doing) doing = line.doing;
        if (line.at !== undefined) at = line.at;
        if (line.number === undefined || line.verdict === undefined) continue;
        found(line.number, line.verdict);
        left.delete(line.number);
        doing = `${test}: ${numbers.length - left.size} of ${numbers.length}`;
      }
      read = lines.length;
      isStuck = Date.now() - heard > MAX_SILENCE_MS;
      if (isStuck || Date.now() > until) stop.abort();
    };
    const listening = setInterval(listen, 500);
    const telling = setInterval(() => console.log(doing), TELL_EVERY_MS);
    const { code, stderr } = await run(jest(test), {
      env: { ...process.env, MUTANTS_LEFT: [...left].join(), MUTANTS_FOUND: file },
      signal: stop.signal,
    });
    clearInterval(listening);
    clearInterval(telling);
    listen();
    // Without the check something never ends, or takes all memory there is.
    if ((isStuck || code > 128) && left.delete(at)) found(at, 'missed');
    else if (code !== 0 && Date.now() < until) {
      appendFileSync(join(folder, 'errors.log'), stderr);
      throw new Error(`${test} failed:\n${stderr.slice(-2000)}`);
    }
  }
}

/** A command that runs a test on sources whose checks can be deleted. @param {string} test */
function jest(test) {
  const bin = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  const here = join(ROOT, 'tools', 'mutants');
  const path = join(here, `${test}.test.ts`);
  return [process.execPath, '--max-old-space-size=2048', bin, '-c', join(here, 'jest.config.mjs'), '--runInBand', '--silent', '--runTestsByPath', path]; // prettier-ignore
}
