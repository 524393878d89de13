// A Jest transform: sources with legality checks get them wrapped, so that one can be deleted at run time.
import swc from '@swc/jest';
import { instrument } from './checks.mjs';
import { allChecks, nameOf } from './table.mjs';

const checks = allChecks();
const base = /** @type {import('@jest/transform').SyncTransformer} */ (
  swc.createTransformer({
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    sourceMaps: false,
  })
);

/** @param {string} text @param {string} path */
function withChecks(text, path) {
  const own = checks.get(nameOf(path));
  return own?.length ? instrument(text, own, own[0].number) : text;
}

/** @type {import('@jest/transform').SyncTransformer} */
export default {
  canInstrument: false,
  getCacheKey: (text, path, options) =>
    `${base.getCacheKey?.(withChecks(text, path), path, options)}`,
  process: (text, path, options) => base.process(withChecks(text, path), path, options),
};
