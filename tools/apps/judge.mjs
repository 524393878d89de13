// What the two runs of an app come to: one row of the table.
import { difference } from './compare.mjs';

/** @typedef {import('./observe').Told} Told */

/**
 * @typedef {object} Row
 * @property {string} app
 * @property {string} place
 * @property {number | string} stock dispatches of the last call
 * @property {number | string} fused the same
 * @property {string} apart the largest difference, of any call
 * @property {string} what the kernel that spares most, and how often it runs
 * @property {string} verdict `equal`, or what is wrong
 */

/**
 * @param {{app: string, place: string, entry: import('./table.mjs').AppEntry, stock: Told, fused: Told}} runs
 * @returns {Row}
 */
export function judge({ app, place, entry, stock, fused }) {
  const row = {
    app,
    place,
    stock: dispatches(stock),
    fused: dispatches(fused),
    apart: '–',
    what: mostFused(fused),
    verdict: 'equal',
  };
  try {
    const expected = callsOf(stock, 'webgpu');
    const got = callsOf(fused, 'webgpu-fused');
    const { apart, at } = difference(answersOf(expected), answersOf(got));
    row.apart = apart.toExponential(1);
    if (apart > entry.tolerance) {
      row.verdict = `${at}: too far apart, needs ${entry.tolerance} (${entry.because})`;
    }
  } catch (error) {
    row.verdict = error instanceof Error ? error.message : String(error);
  }
  return row;
}

/** @param {Told} told @param {string} backend */
function callsOf(told, backend) {
  if ('failure' in told) throw new Error(`on ${backend}: ${told.failure}`);
  if (told.backend === backend) return told.calls;
  throw new Error(`on ${backend}: the app ended on ${told.backend}`);
}

/** @param {readonly import('./observe').Call[]} calls @returns {Record<string, unknown>} */
function answersOf(calls) {
  return Object.fromEntries(calls.map(({ answer }, i) => [`call ${i + 1}`, answer]));
}

/** @param {Told} told */
function dispatches(told) {
  return 'failure' in told ? '–' : (told.calls.at(-1)?.counts.dispatches ?? '–');
}

/** @param {Told} told the kernel of which most ops are saved, by its label: `Conv2D → Add → Relu` */
function mostFused(told) {
  if ('failure' in told) return '–';
  const programs = Object.entries(told.calls.at(-1)?.counts.programs ?? {});
  const saved = ([label, { dispatches }] = programs[0]) =>
    (label.split(' → ').length - 1) * dispatches;
  const [most] = programs.sort((a, b) => saved(b) - saved(a));
  return most && saved(most) > 0 ? `${most[1].dispatches} × ${most[0]}` : 'nothing';
}
