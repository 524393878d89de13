/** Gradients of convolutions, pools and resizes, as tfjs's `cpu` has them. */
import { compare, expectClose, resident, tf, trace, useLazy } from './support';

const TOLERANCE = { reference: 'cpu', tolerance: 1e-5 } as const;

const image = (...shape: number[]) => resident(shape, 1) as tf.Tensor4D;

type Gradient = (x: tf.Tensor4D, filter: tf.Tensor4D) => tf.Tensor;

/** Both gradients of `f`, side by side, weighed so that no two elements of what comes back are equal. */
function gradients(f: Gradient, x: tf.Tensor4D, filter: tf.Tensor4D): tf.Tensor {
  const weighed = (a: tf.Tensor4D, b: tf.Tensor4D) => {
    const y = f(a, b);
    return tf.sum(tf.mul(y, resident(y.shape, 9)));
  };
  const [dx, dw] = tf.grads(weighed as (...args: tf.Tensor[]) => tf.Tensor)([x, filter]);
  return tf.concat([tf.reshape(dx, [-1]), tf.reshape(dw, [-1])]);
}

describe('convolutions', () => {
  test.each<[string, number[], number[], number | [number, number], 'same' | 'valid' | number]>([
    ['3×3', [2, 7, 6, 4], [3, 3, 4, 8], 1, 'same'],
    ['3×3, valid', [3, 7, 5, 3], [3, 3, 3, 5], 1, 'valid'],
    ['strides that leave pixels', [2, 8, 9, 4], [3, 3, 4, 4], 2, 'valid'],
    ['strides, same', [1, 9, 8, 3], [3, 3, 3, 4], 2, 'same'],
    ['strides that differ', [2, 7, 11, 5], [2, 3, 5, 3], [1, 3], 'same'],
    ['strides larger than the window', [1, 11, 7, 2], [1, 2, 2, 3], 3, 'valid'],
    ['explicit padding', [2, 5, 5, 4], [3, 3, 4, 4], 1, 2],
    ['pointwise', [2, 5, 5, 8], [1, 1, 8, 12], 1, 'valid'],
    ['one pixel', [1, 1, 1, 1], [1, 1, 1, 1], 1, 'valid'],
    ['the window is the image', [2, 5, 7, 3], [5, 7, 3, 4], 1, 'valid'],
  ])('%s', async (_name, x, filter, strides, pad) => {
    await compare(
      () => gradients((a, b) => tf.conv2d(a, b, strides, pad), image(...x), image(...filter)),
      TOLERANCE,
    );
    expect(trace().left).toEqual([]);
  });

  test('channels first', async () => {
    const f: Gradient = (a, b) => tf.conv2d(a, b, 2, 'same', 'NCHW');
    await compare(() => gradients(f, image(2, 3, 7, 6), image(3, 3, 3, 5)), {
      reference: 'webgpu',
      tolerance: 1e-5,
    });
    expect(trace().left).toEqual([]);
  });
});

describe('depthwise convolutions', () => {
  test.each<[string, number[], number[], number | [number, number], 'same' | 'valid', number?]>([
    ['3×3', [2, 7, 6, 4], [3, 3, 4, 1], 1, 'same'],
    ['two results a channel', [2, 7, 6, 3], [3, 3, 3, 2], 1, 'valid'],
    ['strides', [2, 9, 8, 4], [3, 3, 4, 1], 2, 'same'],
    ['strides that leave pixels', [1, 8, 10, 5], [3, 3, 5, 2], 2, 'valid'],
    ['one image', [1, 5, 5, 8], [2, 2, 8, 1], 1, 'valid'],
  ])('%s', async (_name, x, filter, strides, pad) => {
    await compare(
      () =>
        gradients((a, b) => tf.depthwiseConv2d(a, b, strides, pad), image(...x), image(...filter)),
      TOLERANCE,
    );
    expect(trace().left).toEqual([]);
  });
});

/** The gradient of `f` at `x`, of a sum weighed as above. */
function gradient(f: (x: tf.Tensor4D) => tf.Tensor, x: tf.Tensor4D): tf.Tensor {
  return tf.grad((a: tf.Tensor) => {
    const y = f(a as tf.Tensor4D);
    return tf.sum(tf.mul(y, resident(y.shape, 9)));
  })(x);
}

describe.each(['maxPool', 'avgPool'] as const)('%s', (pool) => {
  test.each<
    [
      string,
      number[],
      number | [number, number],
      number | [number, number],
      'same' | 'valid' | number,
    ]
  >([
    ['2×2', [2, 8, 6, 4], 2, 2, 'valid'],
    ['2×2, odd sizes', [3, 7, 5, 3], 2, 2, 'same'],
    ['3×3, stride 2', [2, 9, 9, 8], 3, 2, 'same'],
    ['3×3, stride 1', [1, 5, 7, 5], 3, 1, 'same'],
    ['explicit padding', [1, 6, 6, 4], 3, 1, 1],
    ['of all of an image', [2, 5, 7, 4], [5, 7], 1, 'valid'],
    ['one pixel', [1, 1, 1, 3], 1, 1, 'valid'],
  ])('%s', async (_name, shape, size, strides, pad) => {
    await compare(
      () => gradient((x) => tf[pool](x, size, strides, pad), image(...shape)),
      TOLERANCE,
    );
    expect(trace().left).toEqual([]);
  });

  test('NaN, infinities and equal elements', async () => {
    const values = [NaN, 1, 1, 1, NaN, NaN, -Infinity, -Infinity, 0, -0, 2, Infinity, NaN, 3, 3, 3];
    await compare(
      () => gradient((x) => tf[pool](x, 2, 1, 'same'), tf.tensor4d(values, [1, 4, 4, 1])),
      TOLERANCE,
    );
  });

  test('NaN that comes back stays in its windows', async () => {
    await compare(() => {
      const f = tf.grad((x: tf.Tensor) => tf[pool](x as tf.Tensor4D, 2, 2, 'valid'));
      return f(image(1, 4, 6, 1), tf.tensor4d([1, NaN, 2, Infinity, 3, 4], [1, 2, 3, 1]));
    }, TOLERANCE);
  });
});

describe.each(['resizeBilinear', 'resizeNearestNeighbor'] as const)('%s', (resize) => {
  // cpu takes the second image's gradient from where the first one's would be if it were no larger than the image.
  const batch = resize === 'resizeBilinear' ? 2 : 1;

  test.each<[string, [number, number], [number, number], boolean]>([
    ['twice as large', [5, 5], [10, 10], false],
    ['corners aligned', [4, 4], [7, 7], true],
    ['smaller', [9, 9], [4, 4], false],
    ['smaller, corners aligned', [9, 9], [4, 4], true],
    ['no whole ratio', [7, 7], [11, 11], false],
    ['one pixel', [1, 1], [3, 3], false],
    ['to one pixel', [5, 5], [1, 1], true],
    ['the same size', [5, 5], [5, 5], false],
  ])('%s', async (_name, [height, width], size, alignCorners) => {
    await compare(
      () =>
        gradient((x) => tf.image[resize](x, size, alignCorners), image(batch, height, width, 3)),
      TOLERANCE,
    );
    expect(trace().left).toEqual([]);
    expect(trace().dispatches).toBeLessThanOrEqual(2);
  });

  test('NaN that comes back stays where it came from', async () => {
    await compare(() => {
      const f = tf.grad((x: tf.Tensor) => tf.image[resize](x as tf.Tensor4D, [6, 6]));
      const dy = Array.from({ length: 36 }, (_, i) => (i === 14 ? NaN : i));
      return f(image(1, 3, 3, 1), tf.tensor4d(dy, [1, 6, 6, 1]));
    }, TOLERANCE);
  });
});

test('each image of a batch has its own gradient', async () => {
  await useLazy();
  const f = tf.grad((x: tf.Tensor) =>
    tf.sum(tf.square(tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [7, 5]))),
  );
  const both = image(2, 3, 4, 3);
  const apart = tf.concat(tf.split(both, 2).map((x) => f(x)));
  expectClose([...(await f(both).data())], [...(await apart.data())]);
});

test('rows and columns are not mistaken for each other, as on cpu', async () => {
  // cpu answers [batch, columns, rows, channels].
  const f = (x: tf.Tensor) => tf.image.resizeBilinear(x as tf.Tensor4D, [6, 4]);
  await compare(() => tf.grad((x: tf.Tensor) => tf.sum(tf.square(f(x))))(image(1, 3, 5, 2)), {
    reference: 'webgpu',
    tolerance: 1e-4,
  });
});
