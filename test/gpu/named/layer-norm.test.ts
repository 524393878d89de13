import { layerNorm, rmsNorm } from '../../../src/index';
import { wave } from '../../support/gradients';
import { check, same, tf, trace, useLazy } from './support';

describe('layerNorm is one dispatch', () => {
  test.each<[number[], number | number[], number[] | null, number[] | null]>([
    [[5], -1, [5], [5]],
    [[3, 7], -1, [7], null],
    [[2, 3, 9], -1, null, [9]],
    [[2, 3, 16], -1, [16], [16]],
    [[2, 5, 6, 3], [1, 2], [3], [3]],
    [[4, 3, 8], 1, [3, 1], [8]],
    [[3, 300], -1, [300], [300]],
    [[2, 4100], -1, null, null],
    [[4, 1], -1, [1], [1]],
  ])('%j over %j, scale %j, offset %j', async (shape, axis, scaleShape, offsetShape) => {
    const [scale, offset] = [scaleShape, offsetShape].map(
      (one, i) => () => (one ? wave(one, i + 2) : null),
    );
    await check(() => layerNorm(wave(shape), scale(), offset(), { axis }), 1);
    await check(() => {
      const residual = wave(shape, 5);
      const both = layerNorm(wave(shape), scale(), offset(), { axis, residual });
      return [both.sum, both.normalized];
    }, 1);
    await check(() => rmsNorm(wave(shape), scale(), { axis, epsilon: 1e-6 }), 1);
    await check(() => {
      const both = rmsNorm(wave(shape), scale(), { axis, residual: wave(shape, 5) });
      return [both.sum, both.normalized];
    }, 1);
  });

  test('numbers and typed arrays are inputs as well', async () => {
    await check(
      () =>
        layerNorm(
          [
            [1, 2, 4],
            [8, 0, -1],
          ],
          [1, 2, 3],
          new Float32Array([0.5, 0, 1]),
        ),
      1,
    );
  });

  test('a row with a NaN is NaN, others are not', async () => {
    await check(
      () =>
        layerNorm(
          tf.tensor2d([
            [1, NaN, 3],
            [1, 2, 3],
          ]),
          [1, 2, 3],
          null,
        ),
      1,
    );
  });

  test('no rows', async () => {
    await useLazy();
    const { sum, normalized } = layerNorm(tf.zeros([0, 4]), tf.ones([4]), null, {
      residual: tf.zeros([0, 4]),
    });
    expect([sum.shape, normalized.shape]).toEqual([
      [0, 4],
      [0, 4],
    ]);
    expect((await normalized.data()).length).toBe(0);
  });
});

test('what follows is fused with it', async () => {
  await same(() => tf.relu(layerNorm(wave([3, 7]), wave([7], 2))));
  expect(trace()).toMatchObject({ dispatches: 1, kernels: ['WebGPUFusedNorm', 'Relu'] });
});

test('gradients are those of cpu', async () => {
  await same(
    () =>
      tf.grads((x: tf.Tensor, r: tf.Tensor, s: tf.Tensor, o: tf.Tensor) => {
        const { sum, normalized } = layerNorm(x, s, o, { residual: r });
        return tf.sum(tf.mul(tf.tanh(normalized), sum));
      })([wave([2, 3, 5]), wave([2, 3, 5], 2), wave([5], 3), wave([5], 4)]),
    1e-4,
  );
});

test('an optimizer trains scale and offset', async () => {
  const train = () => {
    const [scale, offset] = [tf.variable(tf.ones([5])), tf.variable(tf.zeros([5]))];
    const [x, target] = [wave([8, 5], 1), wave([8, 5], 2)];
    const optimizer = tf.train.adam(0.05);
    for (let step = 0; step < 3; step++) {
      optimizer.minimize(() => tf.losses.meanSquaredError(target, layerNorm(x, scale, offset)));
    }
    const results = [scale, offset].map((one) => tf.clone(one));
    tf.dispose([scale, offset]);
    optimizer.dispose();
    return results;
  };
  await same(train, 1e-4);
});

describe('errors say what to do', () => {
  test.each<[string, () => unknown]>([
    ['x of dtype int32; needs float32. Cast it', () => layerNorm(tf.zeros([2], 'int32'))],
    [
      'axis 2; needs axes of x [2,3], from -2 to 1',
      () => layerNorm(tf.zeros([2, 3]), null, null, { axis: 2 }),
    ],
    [
      'scale [4]; needs a shape that broadcasts to x [2,3]',
      () => layerNorm(tf.zeros([2, 3]), tf.ones([4])),
    ],
    [
      'residual [3]; needs the shape of x, [2,3]',
      () => rmsNorm(tf.zeros([2, 3]), null, { residual: tf.ones([3]) }),
    ],
    ['got null for x; needs a tensor', () => layerNorm(null as never)],
    ['epsilon -1; needs a number', () => rmsNorm([1], null, { epsilon: -1 })],
  ])('%s', (message, run) => {
    expect(() => tf.tidy(() => void run())).toThrow(message);
  });
});
