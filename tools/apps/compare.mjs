// How far two answers are apart: numbers, texts, and lists and records of them.

/** @typedef {{apart: number, at: string}} Difference how far, and where in the answer */

/**
 * The largest difference of two numbers at the same place, relative to the largest number of their list
 * (of the outermost one that has nothing but numbers: `[[1, 2], [3, 4]]` is one list).
 *
 * @param {unknown} expected @param {unknown} got
 * @param {string} [at] where in the answer
 * @returns {Difference}
 * @throws Error where they are not of the same form, or texts differ
 */
export function difference(expected, got, at = 'the answer') {
  const numbers = numbersOf(expected);
  if (numbers) {
    const others = numbersOf(got);
    if (others?.length !== numbers.length) {
      throw new Error(`${at}: got ${others?.length ?? 'no'} numbers; needs ${numbers.length}.`);
    }
    return { apart: apartOf(numbers, others), at };
  }
  if (isRecord(expected) && isRecord(got)) {
    const [names, others] = [Object.keys(expected), Object.keys(got)];
    if (String(names) !== String(others)) {
      throw new Error(`${at}: got ${others.join(', ')}; needs ${names.join(', ')}.`);
    }
    return names
      .map((name) => difference(expected[name], got[name], `${at}, ${name}`))
      .reduce((most, one) => (one.apart > most.apart ? one : most), { apart: 0, at });
  }
  if (expected === got) return { apart: 0, at };
  throw new Error(`${at}: got ${JSON.stringify(got)}; needs ${JSON.stringify(expected)}.`);
}

/** @param {number[]} expected @param {number[]} got as many */
function apartOf(expected, got) {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const apart = expected.reduce((most, value, i) => {
    const distance = Object.is(value, got[i]) ? 0 : Math.abs(value - got[i]);
    return Number.isNaN(distance) ? Infinity : Math.max(most, distance);
  }, 0);
  return apart === 0 ? 0 : apart / largest;
}

/** @param {unknown} value @returns {number[] | undefined} if it is numbers and nothing else */
function numbersOf(value) {
  if (typeof value === 'number') return [value];
  if (ArrayBuffer.isView(value)) return Array.from(/** @type {Float32Array} */ (value));
  if (!Array.isArray(value)) return undefined;
  const flat = value.flat(Infinity);
  return flat.every((element) => typeof element === 'number') ? flat : undefined;
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isRecord(value) {
  return typeof value === 'object' && value !== null;
}
