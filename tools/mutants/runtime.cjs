// What instrumented sources call. One check at most is worth what it is without it; which said no is kept, so that
// tests can tell those that mattered.
/** @type {{deleted: number, decisive: Set<number>}} */
const checks = { deleted: -1, decisive: new Set() };

/** @type {(number: number, value: unknown, deleted: boolean) => unknown} */
const check = (number, value, deleted) => {
  if (number === checks.deleted) return deleted;
  if (Boolean(value) !== deleted) checks.decisive.add(number);
  return value;
};
Object.assign(globalThis, { $check: check, $checks: checks });
