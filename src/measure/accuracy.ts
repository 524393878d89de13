/** How far outputs are from a reference. */
import type { OutputValues } from './inference';

/** The distance between two sets of outputs. */
export interface OutputError {
  /** Largest difference over all outputs, relative to the largest value over all outputs. */
  relative: number;
  /** The same, each output by itself; the worst of them, and its name. */
  worst: { output: string; relative: number };
}

/** Compares outputs with a reference. A NaN or a string that is not in both is infinitely wrong. */
export function compareOutputs(actual: OutputValues[], reference: OutputValues[]): OutputError {
  if (actual.length !== reference.length) {
    throw new Error(`Got ${actual.length} outputs where the reference has ${reference.length}.`);
  }
  let largest = 0;
  let difference = 0;
  let worst = { output: '', relative: -1 };
  for (const [index, expected] of reference.entries()) {
    const one = compareOne(actual[index], expected);
    largest = Math.max(largest, one.largest);
    difference = Math.max(difference, one.difference);
    const relative = ratio(one.difference, one.largest);
    if (relative > worst.relative) worst = { output: expected.name, relative };
  }
  return { relative: ratio(difference, largest), worst };
}

/** The worse of several comparisons. */
export function worstError(errors: OutputError[]): OutputError {
  const byOutput = errors.map(({ worst }) => worst);
  return {
    relative: Math.max(...errors.map(({ relative }) => relative)),
    worst: byOutput.reduce((a, b) => (b.relative > a.relative ? b : a)),
  };
}

function compareOne(actual: OutputValues, expected: OutputValues) {
  if (actual.shape.join() !== expected.shape.join()) {
    throw new Error(`Output ${expected.name}: shape [${actual.shape}], not [${expected.shape}].`);
  }
  let largest = 0;
  let difference = 0;
  for (let i = 0; i < expected.values.length; i++) {
    const [a, b] = [actual.values[i], expected.values[i]];
    if (Object.is(a, b)) {
      if (typeof b === 'number' && Number.isFinite(b)) largest = Math.max(largest, Math.abs(b));
    } else if (typeof a === 'string' || typeof b === 'string' || !Number.isFinite(a - b)) {
      difference = Infinity;
    } else {
      largest = Math.max(largest, Math.abs(b));
      difference = Math.max(difference, Math.abs(a - b));
    }
  }
  return { largest, difference };
}

const ratio = (difference: number, largest: number): number =>
  difference === 0 ? 0 : difference / (largest || 1);

/** Largest difference of an output from its reference, relative to the largest element. */
export function largestError(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Infinity;
  let difference = 0;
  let largest = 0;
  expected.forEach((value, i) => {
    const apart = Math.abs(value - actual[i]);
    difference = Number.isNaN(apart) ? Infinity : Math.max(difference, apart);
    largest = Math.max(largest, Math.abs(value));
  });
  return ratio(difference, largest);
}
