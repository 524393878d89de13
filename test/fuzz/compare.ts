/**
 * Runs something on `cpu` and on `webgpu-fused`, and compares. An element is right if it is
 *
 * - that of `cpu`, up to some roundings of the largest element; or else
 * - within three times what `cpu`'s own element moves by when its kernels are a little off
 *   (`kernel-noise.ts`): an ill-conditioned result, or a jump that a rounding before it decides; or
 * - in the same way near what `cpu` gives where invalid operations of infinities have another answer.
 *
 * Integers are right if they are `cpu`'s, or as near as that where `cpu`'s move as well; bools, if they are `cpu`'s
 * or one of those.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { WebGPUFusedBackend } from '../../src/backend/backend';
import { findDivergences } from '../../src/verify/divergence';
import { PlanRecorder } from '../../src/verify/plan-audit';
import { EndlessError, withBudget } from './kernel-budget';
import { inTime } from './kind';
import { withNoise, withoutInvalid } from './kernel-noise';
import './round-casts';

export interface Result {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: readonly (number | string)[];
}

export async function resultOf(tensor: tf.Tensor): Promise<Result> {
  const values = Array.from((await tensor.data()) as ArrayLike<number>);
  return { shape: tensor.shape, dtype: tensor.dtype, values };
}

/** Dawn's null device computes nothing: there, only errors and time are looked at. */
export const settings = { comparesElements: true };

/** Results, or why there are none. */
export type Outcome = readonly Result[] | Error;

/** Roundings of the largest element that nobody looks at more closely: 2⁻¹⁸. */
const CLOSE = 2 ** -18;
/** Runs that show how far an answer may be off; a jump that a rounding decides hides from all in 2⁻¹². */
const SAMPLES = 12;
const MARGIN = 3;
/** What integers do not move by but at a pole. */
const LARGE = 1000;
const SMALLEST_NORMAL = 2 ** -126;

const largest = (values: readonly (number | string)[]): number =>
  values.reduce<number>((most, x) => {
    const size = Math.abs(Number(x));
    return size > most && size < Infinity ? size : most;
  }, 0);

/** By how much an element is off. */
function deviation(actual: number | string, expected: number | string): number {
  if (Object.is(actual, expected) || actual === expected) return 0;
  const off = Math.abs(Number(actual) - Number(expected));
  return Number.isFinite(off) ? off : Infinity;
}

interface Place {
  readonly output: number;
  readonly at: number;
}

/** The first element that is not that of `expected`, or a specification that is another one. */
function differenceOf(actual: readonly Result[], expected: readonly Result[]): Place[] | string {
  if (actual.length !== expected.length) {
    return `there are ${actual.length} results, not ${expected.length}`;
  }
  const places: Place[] = [];
  for (const [output, result] of expected.entries()) {
    const { shape, dtype, values } = actual[output];
    if (String(shape) !== String(result.shape) || dtype !== result.dtype) {
      return `output ${output} is ${dtype} [${shape}], not ${result.dtype} [${result.shape}]`;
    }
    const room = dtype === 'float32' ? CLOSE * largest(result.values) + SMALLEST_NORMAL : 0;
    result.values.forEach((x, at) => {
      if (deviation(values[at], x) > room) places.push({ output, at });
    });
  }
  return places;
}

/** What is wrong with an answer, all things considered; null if nothing is. */
async function judge(
  actual: readonly Result[],
  expected: readonly Result[],
  runOnCpu: () => Promise<Outcome>,
): Promise<string | null> {
  if (!settings.comparesElements) return null;
  const places = differenceOf(actual, expected);
  if (typeof places === 'string') return places;
  if (places.length === 0) return null;
  const samples: (readonly Result[])[] = [];
  const sample = async (run: () => Promise<Outcome>): Promise<void> => {
    await tf.setBackend('cpu');
    const outcome = await run().catch((error: unknown) => error as Error);
    if (!(outcome instanceof Error)) samples.push(outcome);
  };
  await sample(() => withoutInvalid(runOnCpu));
  for (let seed = 1; seed <= SAMPLES; seed++) await sample(() => withNoise(seed, runOnCpu));
  for (let seed = 1; seed <= SAMPLES; seed++) {
    await sample(() => withoutInvalid(() => withNoise(seed, runOnCpu)));
  }
  for (const { output, at } of places) {
    const value = actual[output].values[at];
    const { dtype, values } = expected[output];
    const room = dtype === 'float32' ? CLOSE * largest(values) + SMALLEST_NORMAL : 0;
    const seen = samples.map((one) => one[output].values[at]);
    const isNumber = dtype === 'float32' || dtype === 'int32';
    const isRight = isNumber
      ? isWithin(Number(value), [values[at], ...seen].map(Number), room, dtype === 'int32')
      : seen.some((other) => other === value);
    if (!isRight) return `output ${output}, element ${at} is ${value}, not ${values[at]}`;
  }
  return null;
}

/** Whether a value is among samples, or farther out than these are wide by no more than the margin. */
function isWithin(
  value: number,
  samples: readonly number[],
  room: number,
  isInteger: boolean,
): boolean {
  if (!Number.isFinite(value)) return samples.some((other) => Object.is(other, value));
  const finite = samples.filter(Number.isFinite);
  if (finite.length === 0) return false;
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  // A pole is near: what some samples call infinite may be anything that is as large as the others.
  const isPole = finite.length < samples.length && !samples.some(Number.isNaN);
  if (isPole && Math.abs(value) >= Math.min(...finite.map(Math.abs))) return true;
  // As an integer, what is infinite is 0: samples tell nothing then of how large the others may be.
  if (isInteger && high - low > Math.max(LARGE, Math.abs(high) / 2, Math.abs(low) / 2)) return true;
  const middle = (low + high) / 2;
  return Math.abs(value - middle) <= (MARGIN * (high - low)) / 2 + room;
}

/** Knows the plans that are compiled, and records runs of them only when it is asked to. */
class PatientRecorder extends PlanRecorder {
  isWatching = false;

  override ran(...args: Parameters<PlanRecorder['ran']>): void {
    if (this.isWatching) super.ran(...args);
  }
}

/** Runs again what was run before, and judges its plans by the reference: which one is to blame. */
async function divergenceOf(
  run: () => Promise<Outcome>,
  device: WebGPUFusedBackend,
  recorder: PatientRecorder,
): Promise<string | null> {
  await tf.setBackend('webgpu-fused');
  recorder.isWatching = true;
  await run();
  device.runPending();
  for (const planRun of recorder.runs) {
    const [found] = await findDivergences(device, planRun, await planRun.contents);
    if (found) return `${found.kind}: ${found.message}\n${found.wgsl ?? ''}`;
  }
  return null;
}

const outcomeOf = (run: () => Promise<Outcome>): Promise<Outcome> =>
  run().catch((error: unknown) => error as Error);

/** Whether an error says what is wrong, and does not just happen. */
const isSaid = (error: Error): boolean =>
  !(error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError);

/** Whether there were answers to compare, or there was a refusal, or an end that the null device never comes to. */
export type Verdict = 'compared' | 'refused' | 'endless';

/**
 * @param run what is to be computed, on the backend that is current.
 * @param mayRefuse whether an error is an answer, too: one that `cpu` has as well, or that says what is wrong.
 * @param isOpen whether there is no one right answer.
 * @throws Error that says what is wrong.
 */
export async function checkAnswers(
  run: () => Promise<Outcome>,
  mayRefuse = false,
  isOpen = false,
): Promise<Verdict> {
  await tf.setBackend('cpu');
  const expected = await outcomeOf(run);
  await tf.setBackend('webgpu-fused');
  const device = tf.backend() as WebGPUFusedBackend;
  const recorder = new PatientRecorder(device);
  device.auditor = recorder;
  try {
    const ends = settings.comparesElements ? run : () => withBudget(run);
    const actual = await outcomeOf(() => inTime(ends));
    if (actual instanceof EndlessError) return 'endless';
    if (actual instanceof Error) {
      if (/^it took/.test(actual.message)) throw actual;
      if (mayRefuse && (expected instanceof Error || isSaid(actual))) return 'refused';
      throw new Error(`throws ${actual.message}`, { cause: actual });
    }
    // Where tfjs refuses, an answer is as good; there is nothing to compare it with.
    if (expected instanceof Error) return 'refused';
    const wrong = isOpen ? null : await judge(actual, expected, run);
    if (wrong === null) return 'compared';
    const blamed = await divergenceOf(run, device, recorder).catch(
      (error: unknown) => (error as Error).message,
    );
    throw new Error(`${wrong}\n${blamed ?? 'no plan is wrong by itself'}`);
  } finally {
    device.auditor = null;
  }
}

/** Whether the backend still computes: after whatever was tried before. */
export async function assertAlive(): Promise<void> {
  await tf.setBackend('webgpu-fused');
  const sum = tf.tidy(() => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
    return tf.sum(tf.relu(tf.matMul(x, x, false, true)));
  });
  const [value] = await sum.data();
  sum.dispose();
  if (settings.comparesElements && value !== 14 + 32 + 32 + 77)
    throw new Error(`afterwards, 155 is ${value}`);
}
