// What instrumented sources call. The check that MUTANT names is worth what it is without it; which checks
// said no in a test file, so that deleting them could matter there, is written to MUTANT_LOG.
const { appendFileSync } = require('node:fs');

const deletedCheck = Number(process.env.MUTANT ?? -1);
const log = process.env.MUTANT_LOG;
/** @type {Set<number>} */
const decisive = new Set();

/** @type {(number: number, value: unknown, deleted: boolean) => unknown} */
const check = (number, value, deleted) => {
  if (number === deletedCheck) return deleted;
  if (Boolean(value) !== deleted) decisive.add(number);
  return value;
};
Object.assign(globalThis, { $check: check });

if (log) {
  afterAll(() => {
    const { testPath } = expect.getState();
    appendFileSync(log, `${JSON.stringify({ testPath, decisive: [...decisive] })}\n`);
  });
}
