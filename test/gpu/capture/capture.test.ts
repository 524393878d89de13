import * as layers from '@tensorflow/tfjs-layers';
import { capture, type Captured } from '../../../src/pure';
import { settle, useBackend } from '../../support/gpu';
import { expectHoldings, holdings, tf, values } from './support';

type Unary = (x: tf.Tensor) => tf.Tensor;

/** The sum of all rows, by a kernel that stays with tfjs. */
const leftToTfjs: Unary = (x) => tf.unsortedSegmentSum(x, tf.zeros([x.shape[0]], 'int32'), 1);

beforeEach(() => useBackend(tf, 'webgpu-fused'));

const input = (seed: number, rows = 2): tf.Tensor2D =>
  tf.tensor2d(values(8 * rows, seed), [rows, 8]);

/** What `fn` gives on `cpu`. */
async function onCpu(fn: Unary, seed: number): Promise<Float32Array> {
  await useBackend(tf, 'cpu');
  const read = tf.tidy(() => fn(input(seed)).dataSync<'float32'>().slice());
  await useBackend(tf, 'webgpu-fused');
  return read;
}

/** Calls with different values, until calls are replayed or it is plain that they never are. */
async function warm(fn: Captured<[tf.Tensor], tf.Tensor>, calls = 8): Promise<void> {
  for (let seed = 0; seed < calls; seed++) {
    const x = input(seed);
    const y = fn(x);
    await y.data();
    await settle();
    tf.dispose([x, y]);
  }
}

async function expectAs(
  fn: Captured<[tf.Tensor], tf.Tensor>,
  reference: Unary,
  seed: number,
): Promise<void> {
  const expected = await onCpu(reference, seed);
  const x = input(seed);
  const y = fn(x);
  const actual = await y.data<'float32'>();
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 4));
  tf.dispose([x, y]);
}

describe('a captured function', () => {
  test('of eager kernels is replayed, with the right answers', async () => {
    const weights = [...values(64, 5)];
    const body: Unary = (x) =>
      tf.softmax(tf.matMul(tf.relu(tf.add(tf.mul(x, 2), 0.25)), tf.tensor2d(weights, [8, 8])));
    const fn = capture(body);
    await warm(fn);
    expect(fn.status).toMatchObject({ isReplayed: true, reason: null });
    for (const seed of [11, 12, 13]) await expectAs(fn, body, seed);
    expect(fn.status.isReplayed).toBe(true);
    fn.dispose();
  });

  test('takes in kernels that cannot be fused', async () => {
    const body: Unary = (x) => tf.add(leftToTfjs(tf.cumsum(tf.mul(x, x), 1)), 1);
    const fn = capture(body);
    await warm(fn);
    expect(fn.status).toMatchObject({ isReplayed: true, reason: null });
    for (const seed of [21, 22, 23]) await expectAs(fn, body, seed);
    fn.dispose();
  });

  test('keeps signatures apart, and results of earlier calls', async () => {
    const fn = capture((x: tf.Tensor) => tf.cumsum(tf.mul(x, 3), 1));
    await warm(fn);
    const held = [1, 2, 3, 4].map((rows) => {
      const x = input(rows, rows);
      const y = fn(x);
      x.dispose();
      return y;
    });
    await warm(fn);
    for (const [at, y] of held.entries()) {
      expect(y.shape).toEqual([at + 1, 8]);
      const [first] = await y.data();
      expect(first).toBeCloseTo(3 * values(1, at + 1)[0], 4);
    }
    tf.dispose(held);
    fn.dispose();
  });

  test('of a layers model follows its weights', async () => {
    const model = layers.sequential({
      layers: [
        layers.layers.dense({ units: 16, inputShape: [8], activation: 'relu' }),
        layers.layers.dense({ units: 4, activation: 'softmax' }),
      ],
    });
    const fn = capture((x: tf.Tensor) => model.predict(x) as tf.Tensor);
    await warm(fn);
    expect(fn.status).toMatchObject({ isReplayed: true, reason: null });
    const x = input(31);
    const differs = async (): Promise<number> => {
      const [a, b] = [fn(x), model.predict(x) as tf.Tensor];
      const distance = tf.max(tf.abs(tf.sub(a, b)));
      return (await distance.data())[0];
    };
    expect(await differs()).toBeLessThan(1e-5);
    model.setWeights(model.getWeights().map((weight, i) => tf.add(weight, i + 1)));
    expect(await differs()).toBeLessThan(1e-5);
    await warm(fn);
    expect(fn.status.isReplayed).toBe(true);
    expect(await differs()).toBeLessThan(1e-5);
    fn.dispose();
    model.dispose();
  });

  test('follows a scalar variable that lives on the host', async () => {
    const scale = tf.variable(tf.scalar(2));
    const fn = capture((x: tf.Tensor) => tf.cumsum(tf.mul(x, tf.add(scale, 1)), 1));
    await warm(fn);
    expect(fn.status.isReplayed).toBe(true);
    await expectAs(fn, (x) => tf.cumsum(tf.mul(x, 3), 1), 41);
    const kept = scale.clone();
    scale.assign(tf.scalar(4));
    await expectAs(fn, (x) => tf.cumsum(tf.mul(x, 5), 1), 42);
    tf.dispose([scale, kept]);
    fn.dispose();
  });

  test.each<[string, Unary, RegExp]>([
    ['reads a tensor back', (x) => tf.mul(x, tf.sum(x).dataSync()[0]), /reads a tensor back/],
    [
      'draws random numbers',
      (x) => tf.add(x, tf.randomUniform([2, 8])),
      /uploads different values/,
    ],
    ['gives an input', (x) => tf.reshape(x, [4, 4]), /an input or a constant|nothing on the GPU/],
  ])('that %s is not captured, and says so', async (_what, body, reason) => {
    const fn = capture(body);
    await warm(fn);
    expect(fn.status.isReplayed).toBe(false);
    expect(fn.status.reason).toMatch(reason);
    fn.dispose();
  });

  test('runs as ever on another backend', async () => {
    const fn = capture((x: tf.Tensor) => tf.mul(x, 2));
    await useBackend(tf, 'cpu');
    const x = input(1);
    expect(fn(x).dataSync()[0]).toBeCloseTo(2 * values(1, 1)[0], 5);
    expect(fn.status).toEqual({ isReplayed: false, reason: 'the backend is cpu' });
  });

  test('holds no more after two hundred calls, and nothing once disposed of', async () => {
    const body: Unary = (x) => leftToTfjs(tf.cumsum(tf.relu(x), 1));
    const first = capture(body);
    await warm(first);
    first.dispose();
    const before = holdings();
    const fn = capture(body);
    await warm(fn);
    const warmed = holdings();
    for (let call = 0; call < 200; call++) {
      const x = input(call);
      tf.dispose([x, fn(x)]);
    }
    expect(fn.status.isReplayed).toBe(true);
    expectHoldings(warmed);
    fn.dispose();
    expectHoldings(before);
  });
});
