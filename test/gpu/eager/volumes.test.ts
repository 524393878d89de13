/** Convolutions and pools of volumes and their gradients, as tfjs's `cpu` has them. */
import { compare, resident, tf, trace } from './support';

const TOLERANCE = { reference: 'cpu', tolerance: 1e-5 } as const;

type Triple = [number, number, number];
type Volume = tf.Tensor5D;

const volume = (shape: number[], seed = 1) => resident(shape, seed) as Volume;

/** Gradients by all of `xs`, of a sum weighed so that no two elements of what comes back are equal. */
function gradients(f: (...xs: Volume[]) => tf.Tensor, xs: Volume[]): tf.Tensor {
  const weighed = (...values: tf.Tensor[]) => {
    const y = f(...(values as Volume[]));
    return tf.sum(tf.mul(y, resident(y.shape, 9)));
  };
  return tf.concat(
    tf
      .grads(weighed)(xs)
      .map((dx) => tf.reshape(dx, [-1])),
  );
}

const CONVOLUTIONS: [string, number[], number[], number | Triple, 'same' | 'valid'][] = [
  ['3×3×3', [2, 5, 6, 7, 4], [3, 3, 3, 4, 8], 1, 'same'],
  ['valid', [1, 5, 4, 7, 3], [3, 2, 3, 3, 5], 1, 'valid'],
  ['strides', [1, 9, 8, 7, 3], [3, 3, 3, 3, 4], 2, 'same'],
  ['strides that leave planes', [2, 8, 7, 6, 2], [2, 3, 2, 2, 3], [3, 2, 2], 'valid'],
  ['a window as long as its stride', [1, 6, 4, 4, 5], [2, 2, 2, 5, 3], 2, 'valid'],
  ['strides of planes only', [1, 5, 7, 3, 2], [2, 3, 3, 2, 4], [1, 2, 2], 'same'],
  ['pointwise', [2, 3, 2, 5, 8], [1, 1, 1, 8, 4], 1, 'valid'],
  ['one voxel', [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], 1, 'valid'],
  ['one plane', [1, 1, 5, 7, 3], [3, 3, 3, 3, 2], 1, 'same'],
  ['the window is the volume', [2, 3, 5, 4, 3], [3, 5, 4, 3, 7], 1, 'valid'],
];

describe('convolutions', () => {
  test.each(CONVOLUTIONS)('%s', async (_name, x, filter, strides, pad) => {
    await compare(() => tf.relu(tf.conv3d(volume(x), volume(filter, 2), strides, pad)), TOLERANCE);
    expect(trace().left).toEqual([]);
    expect(trace().dispatches).toBe(1);
  });

  test.each(CONVOLUTIONS.filter(([name]) => !name.includes('leave')))(
    'gradients of %s',
    async (_name, x, filter, strides, pad) => {
      await compare(
        () => gradients((a, b) => tf.conv3d(a, b, strides, pad), [volume(x), volume(filter, 2)]),
        TOLERANCE,
      );
      expect(trace().left).toEqual([]);
    },
  );

  test('dilations', async () => {
    const f = () =>
      tf.conv3d(volume([1, 7, 8, 9, 3]), volume([3, 3, 2, 3, 4], 2), 1, 'same', 'NDHWC', [2, 1, 3]);
    await compare(f, TOLERANCE);
    expect(trace().left).toEqual([]);
  });

  test('one volume without a batch', async () => {
    const x = () => tf.reshape(volume([1, 3, 5, 4, 2]), [3, 5, 4, 2]);
    await compare(
      () => tf.conv3d(x() as tf.Tensor4D, volume([2, 2, 2, 2, 3], 2), 1, 'same'),
      TOLERANCE,
    );
  });

  test.each<[string, number[], number[], number | Triple, Triple]>([
    ['as long as its stride', [2, 3, 4, 5, 6], [2, 2, 2, 3, 6], 2, [6, 8, 10]],
    ['longer than its stride', [1, 3, 4, 2, 4], [3, 3, 3, 5, 4], 2, [6, 8, 4]],
    ['stride 1', [1, 3, 4, 2, 4], [3, 3, 3, 5, 4], 1, [3, 4, 2]],
  ])('transposed, a window %s', async (_name, x, filter, strides, [d, h, w]) => {
    const shape: [number, number, number, number, number] = [x[0], d, h, w, filter[3]];
    await compare(
      () => tf.conv3dTranspose(volume(x), volume(filter, 2), shape, strides, 'same'),
      TOLERANCE,
    );
    expect(trace().left).toEqual([]);
  });

  test('a layer with bias and activation is one dispatch', async () => {
    const layer = () => {
      const { conv3d } = tf.layers;
      const make = conv3d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu', inputShape: [4, 5, 6, 2], kernelInitializer: tf.initializers.glorotUniform({ seed: 3 }), biasInitializer: tf.initializers.randomUniform({ minval: -1, maxval: 1, seed: 4 }) }); // prettier-ignore
      return make.apply(volume([1, 4, 5, 6, 2])) as tf.Tensor;
    };
    await compare(layer, TOLERANCE);
    expect(trace().dispatches).toBe(1);
  });
});

/** NaN and infinities among its elements. */
const hard = (shape: number[]) => {
  const x = volume(shape);
  return tf.where<Volume>(tf.greater(x, 0.8), NaN, tf.where(tf.less(x, -0.9), -Infinity, x));
};

describe.each(['maxPool3d', 'avgPool3d'] as const)('%s', (pool) => {
  const cases: [string, number[], number | Triple, number | Triple, 'same' | 'valid' | number][] = [
    ['2×2×2', [2, 4, 6, 4, 4], 2, 2, 'valid'],
    ['windows that overlap', [1, 5, 6, 7, 3], 3, 1, 'same'],
    ['strides, same', [1, 7, 6, 5, 2], 3, 2, 'same'],
    ['a window that differs by axis', [1, 6, 5, 4, 1], [2, 3, 1], [2, 1, 1], 'valid'],
    ['padding by a number', [1, 5, 5, 5, 2], 3, 2, 1],
    ['one voxel', [1, 1, 1, 1, 1], 1, 1, 'valid'],
  ];

  test.each(cases)('%s', async (_name, x, size, strides, pad) => {
    await compare(() => tf.neg(tf[pool](volume(x), size, strides, pad)), TOLERANCE);
    expect(trace().left).toEqual([]);
    // Where windows overlap, what they have in common is computed once.
    if (String(size) === String(strides)) expect(trace().dispatches).toBe(1);
  });

  test('NaN and infinities', async () => {
    await compare(() => tf[pool](hard([1, 4, 6, 5, 3]), 2, 1, 'same'), TOLERANCE);
  });

  // Stock's kernel, of what comes out of ours: of several maxima it takes the one that `cpu` takes where windows are squares.
  const squares = cases.filter(([, , size]) => pool === 'avgPool3d' || typeof size === 'number');
  test.each(squares)('gradient of %s', async (_name, x, size, strides, pad) => {
    await compare(() => gradients((a) => tf[pool](a, size, strides, pad), [volume(x)]), TOLERANCE);
  });
});
