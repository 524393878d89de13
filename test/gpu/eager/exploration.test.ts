import { lastTrace } from '../../../src/index';
import { resident, tf, trace, useLazy } from './support';

/** Ops with a bound that no call before had. */
function neverTheSame(x: tf.Tensor, length: number, from: number): tf.Tensor {
  return tf.tidy(() => {
    let value = x;
    for (let i = 0; i < length; i++) value = tf.clipByValue(value, -1, 1 + (from + i) * 1e-6);
    return value;
  });
}

test('what comes again is fused soon, also after a long time in which nothing did', async () => {
  await useLazy();
  const x = resident([8, 8], 1);
  const values = await x.data();
  let launched = 0;
  for (let run = 0; run < 12; run++) {
    const y = neverTheSame(x, 500, launched);
    launched += 500;
    expect((await y.data())[3]).toBeCloseTo(values[3], 6);
    y.dispose();
  }
  expect(trace().plan).toBe('stock');

  const plans: string[] = [];
  for (let run = 0; run < 4; run++) {
    const y = tf.tidy(() => tf.relu(tf.add(tf.mul(x, 2), x)));
    expect((await y.data())[3]).toBeCloseTo(Math.max(0, 3 * values[3]), 5);
    plans.push(trace().plan);
    y.dispose();
  }
  expect(plans.slice(2)).toEqual(['miss', 'hit']);
  expect(trace().dispatches).toBe(1);
  x.dispose();
});

/** Kernels of a program: more than may be compiled before it has come again. */
const LENGTH = 6000;

test('a program of thousands of kernels is fused as a whole when it comes again', async () => {
  await useLazy();
  const x = resident([4, 4], 1);
  const values = await x.data();
  const program = (): tf.Tensor =>
    tf.tidy(() => {
      let y = tf.relu(x);
      for (let i = 1; i < LENGTH; i++) {
        y = tf.leakyRelu(y, i * 1e-5);
        // Kernels that compute nothing are launched, and not queued.
        if (i % 8 === 0) y = tf.cast(y, 'float32');
      }
      return y;
    });
  const kernels: number[] = [];
  for (let run = 0; run < 4; run++) {
    lastTrace();
    const y = program();
    expect([...(await y.data())]).toEqual([...values].map((value) => Math.max(0, value)));
    y.dispose();
    const byPlan = (lastTrace()?.flushes ?? []).filter(({ plan }) => plan !== 'stock');
    kernels.push(byPlan.reduce((sum, flush) => sum + flush.kernels.length, 0));
  }
  expect(kernels[0]).toBeLessThan(LENGTH);
  expect(kernels[3]).toBe(LENGTH);
  x.dispose();
}, 300_000);
