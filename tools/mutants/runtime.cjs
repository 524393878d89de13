// What instrumented sources call. One check at most is worth what it is without it: that which MUTANT names, or
// a test. Which checks said no in a test file, so that deleting them could matter there, is written to MUTANT_LOG.
const { appendFileSync } = require('node:fs');

const log = process.env.MUTANT_LOG;
/** @type {{deleted: number, decisive: Set<number>}} */
const checks = { deleted: Number(process.env.MUTANT ?? -1), decisive: new Set() };

/** @type {(number: number, value: unknown, deleted: boolean) => unknown} */
const check = (number, value, deleted) => {
  if (number === checks.deleted) return deleted;
  if (Boolean(value) !== deleted) checks.decisive.add(number);
  return value;
};
Object.assign(globalThis, { $check: check, $checks: checks });

if (log) {
  afterAll(() => {
    const { testPath } = expect.getState();
    appendFileSync(log, `${JSON.stringify({ testPath, decisive: [...checks.decisive] })}\n`);
  });
}
