import { expectClose, resident, tf, trace, useLazy } from './support';

/** A convolution and a batch normalization of variables, as layers models have them. */
function block(w: tf.Variable, gain: tf.Variable, x: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const y = tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same');
    const [mean, variance] = [tf.zeros([6]), tf.ones([6])] as [tf.Tensor1D, tf.Tensor1D];
    return tf.relu(tf.batchNorm(y, mean, variance, undefined, gain as tf.Tensor as tf.Tensor1D));
  });
}

async function valuesOf(y: tf.Tensor): Promise<number[]> {
  const values = [...(await y.data())];
  y.dispose();
  return values;
}

describe('plans for weights that do not change', () => {
  let w: tf.Variable;
  let gain: tf.Variable;
  const inputs = [1, 2, 3, 4, 5, 6].map((seed) => () => resident([1, 8, 8, 4], seed));

  beforeEach(async () => {
    await useLazy();
    const initial = [resident([3, 3, 4, 6], 7), resident([6], 8)];
    [w, gain] = initial.map((value) => tf.variable(value));
    tf.dispose(initial);
  });

  afterEach(() => tf.dispose([w, gain]));

  async function run(input: () => tf.Tensor): Promise<number[]> {
    const x = input();
    const values = await valuesOf(block(w, gain, x));
    x.dispose();
    return values;
  }

  /** The same, without a chance to specialise. */
  async function expected(input: () => tf.Tensor): Promise<number[]> {
    tf.env().set('WEBGPU_FUSED_LAZY', false);
    const values = await run(input);
    tf.env().set('WEBGPU_FUSED_LAZY', true);
    return values;
  }

  test('the answers of every run are right', async () => {
    for (const input of inputs) expectClose(await run(input), await expected(input), 1e-4);
    expect(trace().dispatches).toBe(1);
  });

  test('an assignment is noticed', async () => {
    for (const input of inputs) await run(input);
    gain.assign(tf.tidy(() => tf.mul(gain, -2)));
    for (const input of inputs) expectClose(await run(input), await expected(input), 1e-4);
  });

  test('weights that went to another backend and back are noticed', async () => {
    for (const input of inputs) await run(input);
    await tf.setBackend('cpu');
    const moved = tf.add(gain, 1);
    await moved.data();
    moved.dispose();
    await useLazy();
    for (const input of inputs) expectClose(await run(input), await expected(input), 1e-4);
  });

  test('what was computed of weights goes with them', async () => {
    const memory = () => tf.memory() as tf.MemoryInfo & { numBytesInGPU: number };
    const before = tf.backend().numDataIds();
    for (const input of inputs) await run(input);
    expect(tf.backend().numDataIds()).toBe(before);
    const bytes = memory().numBytesInGPU;
    w.dispose();
    expect(memory().numBytesInGPU).toBeLessThan(bytes - 4 * w.size + 1);
  });
});
