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
