/** Eager code whose inputs never have the same size twice: it is fused all the same. */
import { tf, trace, useLazy, useReference } from './support';

/** A chain of kernels around a product, for rows of any number. */
function program(x: tf.Tensor2D, weight: tf.Tensor2D): tf.Tensor {
  return tf.tidy(() => {
    let y: tf.Tensor2D = x;
    for (let layer = 0; layer < 6; layer++) {
      const { mean, variance } = tf.moments(y, -1, true);
      const normal = tf.div(tf.sub(y, mean), tf.sqrt(tf.add(variance, 1e-3)));
      y = tf.add(y, tf.relu(tf.matMul(normal as tf.Tensor2D, weight)));
    }
    return y;
  });
}

test('streams that differ in sizes are compiled, however many they are', async () => {
  const values = (rows: number): number[] =>
    Array.from({ length: rows * 8 }, (_, i) => Math.sin(i * 0.7 + rows));
  const matrix = Array.from({ length: 64 }, (_, i) => Math.cos(i * 1.3) / 4);
  const run = async (rows: number): Promise<Float32Array> => {
    const [x, weight] = [tf.tensor2d(values(rows), [rows, 8]), tf.tensor2d(matrix, [8, 8])];
    const y = program(x, weight);
    const result = (await y.data()) as Float32Array;
    tf.dispose([x, weight, y]);
    return result;
  };
  const sizes = Array.from({ length: 48 }, (_, i) => 1 + ((i * 7) % 61));
  await useReference('cpu');
  const expected: Float32Array[] = [];
  for (const rows of sizes) expected.push(await run(rows));
  await useLazy();
  for (const [at, rows] of sizes.entries()) {
    const actual = await run(rows);
    expect(trace().plan).not.toBe('stock');
    // Six layers of float32, whose sums are taken in other orders.
    const furthest = expected[at].reduce(
      (most, x, i) => Math.max(most, Math.abs(x - actual[i])),
      0,
    );
    expect(furthest).toBeLessThan(2e-4);
  }
});
