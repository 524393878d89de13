/** Runs examples/ from top to bottom, in the order of what is likely to break first. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const TIMEOUT_MS = 240_000;

test.each(['custom-fusion', 'node', 'notebook', 'script-tag', 'bundler'])(
  'the example %s runs and gives the right answers',
  async (name) => {
    const run = promisify(execFile);
    const command = ['tools/run-examples.mjs', name];
    const { stderr } = await run(process.execPath, command, { timeout: TIMEOUT_MS });
    expect(stderr).toContain(`${name}: ok`);
  },
  TIMEOUT_MS,
);
