/** Runs a named operation on `cpu` and here, recorded and not, and counts dispatches. */
import type { FlushTrace } from '../../../src/index';
import { expectClose, tf, trace, useLazy, useReference } from '../eager/support';

export { tf, trace, useLazy, useReference, expectClose };

type Program = () => tf.Tensor | tf.Tensor[];

interface Results {
  readonly shapes: number[][];
  readonly values: number[][];
}

async function resultsOf(program: Program): Promise<Results> {
  const before = tf.memory().numTensors;
  const results = [tf.tidy(program)].flat();
  const values = await Promise.all(results.map(async (result) => Array.from(await result.data())));
  const shapes = results.map(({ shape }) => shape);
  tf.dispose(results);
  expect(tf.memory().numTensors).toBe(before);
  return { shapes, values };
}

function expectSame(actual: Results, expected: Results, tolerance: number): void {
  expect(actual.shapes).toEqual(expected.shapes);
  actual.values.forEach((values, i) => expectClose(values, expected.values[i], tolerance));
}

/**
 * Expects a program of one named operation to give what `cpu` gives, in `dispatches`, both with
 * kernels recorded and with `WEBGPU_FUSED_LAZY` off. Inputs are made inside, by {@link wave}.
 */
export async function check(
  program: Program,
  dispatches: number,
  tolerance = 1e-5,
): Promise<FlushTrace> {
  await useReference('cpu');
  const expected = await resultsOf(program);
  await useLazy();
  expectSame(await resultsOf(program), expected, tolerance);
  const recorded = trace();
  expect(recorded.dispatches).toBe(dispatches);
  tf.env().set('WEBGPU_FUSED_LAZY', false);
  try {
    expectSame(await resultsOf(program), expected, tolerance);
    expect(trace()).toMatchObject({ plan: 'hit', dispatches });
  } finally {
    tf.env().set('WEBGPU_FUSED_LAZY', true);
  }
  return recorded;
}

/** Runs on `cpu` and here, and expects the same; for what is more than one operation. */
export async function same(program: Program, tolerance = 1e-5): Promise<void> {
  await useReference('cpu');
  const expected = await resultsOf(program);
  await useLazy();
  expectSame(await resultsOf(program), expected, tolerance);
}
