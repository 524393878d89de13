import { compare, resident, tf, trace, useLazy } from './support';

/** Elementwise ops with scalar and shared operands in turn. */
function chain(x: tf.Tensor, other: tf.Tensor, length: number): tf.Tensor {
  const steps = [
    (v: tf.Tensor, i: number) => tf.add(v, 0.1 * i),
    (v: tf.Tensor) => tf.mul(v, other),
    (v: tf.Tensor) => tf.tanh(v),
  ];
  let value = x;
  for (let i = 0; i < length; i++) value = steps[i % 3](value, i);
  return value;
}

describe('what is queued is fused', () => {
  test.each([2, 6, 10, 30])('a chain of %i elementwise ops is one dispatch', async (length) => {
    const program = () => chain(resident([40, 50], 1), resident([40, 50], 2), length);
    await compare(program);
    expect(trace()).toMatchObject({ why: 'read', dispatches: 1 });
    expect(trace().kernels).toHaveLength(length);
  });

  test('a convolution, its bias and its activation are one dispatch', async () => {
    await compare(() => {
      const x = resident([1, 12, 12, 4], 1) as tf.Tensor4D;
      const w = resident([3, 3, 4, 6], 2) as tf.Tensor4D;
      return tf.relu(tf.add(tf.conv2d(x, w, 1, 'same'), resident([6], 3)));
    });
    expect(trace()).toMatchObject({ dispatches: 1, kernels: ['Conv2D', 'Add', 'Relu'] });
  });

  test('tf.moments is one dispatch of two results', async () => {
    await compare(() => {
      const { mean, variance } = tf.moments(resident([6, 40], 1), 1);
      return tf.stack([mean, tf.sqrt(variance)]);
    });
    expect(trace().dispatches).toBe(1);
  });

  test('views cost nothing', async () => {
    await compare(() => {
      const x = resident([6, 8], 1);
      const y = tf.expandDims(tf.reshape(tf.add(x, 1), [8, 6]), 0);
      return tf.reshape(tf.mul(tf.squeeze(y), 2), [48]);
    });
    expect(trace().dispatches).toBe(1);
  });

  test('an intermediate that lives on is one more output of the same dispatch', async () => {
    await useLazy();
    const x = resident([1000], 1);
    const y = tf.add(x, 1);
    const z = tf.tanh(y);
    const [zs, ys, xs] = [await z.data(), await y.data(), await x.data()];
    expect(trace().dispatches).toBe(1);
    expect(ys[5]).toBeCloseTo(xs[5] + 1, 5);
    expect(zs[5]).toBeCloseTo(Math.tanh(xs[5] + 1), 5);
    tf.dispose([x, y, z]);
  });

  test('a repeated stream finds its plan; a number that differs is an input from then on', async () => {
    await useLazy();
    const x = resident([77], 1);
    const plans: string[] = [];
    for (let i = 0; i < 8; i++) {
      const y = tf.tidy(() => tf.sub(tf.mul(x, i), 7));
      const values = await y.data();
      expect(values[3]).toBeCloseTo((await x.data())[3] * i - 7, 5);
      plans.push(trace().plan);
      y.dispose();
    }
    // For 0 and 7, for any numbers, and for 7 alone.
    expect(plans.slice(0, 3)).toEqual(['miss', 'miss', 'hit']);
    expect(plans.filter((plan) => plan === 'miss')).toHaveLength(3);
    x.dispose();
  });

  test('integers that the CPU computes with end nothing that waits', async () => {
    await compare(() => {
      const scores = chain(resident([6, 6], 1), resident([6, 6], 2), 3);
      const length = tf.scalar(6, 'int32');
      const last = tf.sub(length, tf.scalar(1, 'int32'));
      return tf.add(tf.relu(scores), tf.cast(last, 'float32'));
    });
    expect(trace()).toMatchObject({ why: 'read', dispatches: 1 });
    expect(trace().kernels).toHaveLength(5);
  });

  test('several outputs, of one kernel', async () => {
    await compare(() => {
      const [a, b, c] = tf.split(tf.add(resident([4, 9], 1), 1), 3, 1);
      return tf.stack([tf.mul(a, b), tf.unstack(tf.stack([c, a]))[0]]);
    });
    expect(trace().dispatches).toBe(1);
  });
});

describe('results are as on stock', () => {
  const x = () => resident([2, 6, 6, 4], 5) as tf.Tensor4D;
  const w = (...shape: number[]) => resident(shape, 6) as tf.Tensor4D;
  test.each<[string, () => tf.Tensor]>([
    ['depthwise', () => tf.depthwiseConv2d(x(), w(3, 3, 4, 2), 2, 'same')],
    [
      'fused conv2d',
      () =>
        tf.fused.conv2d({
          ...{ x: x(), filter: w(3, 3, 4, 5), strides: 1, pad: 'valid' },
          ...{ bias: resident([5], 7), activation: 'leakyrelu', leakyreluAlpha: 0.3 },
        }),
    ],
    ['conv2dTranspose', () => tf.conv2dTranspose(x(), w(3, 3, 5, 4), [2, 12, 12, 5], 2, 'same')],
    ['pools', () => tf.avgPool(tf.maxPool(x(), 2, 1, 'same'), 3, 2, 'valid')],
    [
      'matMul',
      () => tf.matMul(resident([2, 5, 7], 1), resident([7, 5], 2).transpose(), false, true),
    ],
    ['softmax', () => tf.softmax(tf.mul(resident([3, 10], 1), 4))],
    ['logSoftmax', () => tf.logSoftmax(resident([3, 10], 1))],
    ['moments', () => tf.moments(x(), [1, 2]).variance],
    [
      'batchNorm',
      () =>
        tf.batchNorm(
          x(),
          ...([1, 2].map((s) => tf.abs(resident([4], s))) as [tf.Tensor1D, tf.Tensor1D]),
        ),
    ],
    ['argMax', () => tf.argMax(tf.add(resident([4, 5], 1), 1), 1)],
    ['sum of bools', () => tf.sum(tf.greater(resident([50], 1), 0))],
    ['cast and compute', () => tf.mul(tf.cast(tf.greater(resident([50], 1), 0), 'float32'), 2.5)],
    ['int and float', () => tf.add(tf.cast(tf.mul(resident([50], 1), 9), 'int32'), 0.5)],
    ['where', () => tf.where(tf.less(resident([50], 1), 0), tf.zeros([50]), resident([50], 2))],
    ['gather', () => tf.gather(tf.neg(resident([5, 3], 1)), tf.tensor1d([4, 0, 2], 'int32'))],
    [
      'pad and slice',
      () =>
        tf.slice(
          tf.pad(
            resident([5, 3], 1),
            [
              [1, 1],
              [2, 0],
            ],
            9,
          ),
          [0, 1],
          [4, 3],
        ),
    ],
    ['strided slice', () => tf.stridedSlice(resident([9, 4], 1), [8, 0], [1, 4], [-2, 3])],
    ['concat of pending', () => tf.concat([tf.add(resident([2, 3], 1), 1), resident([1, 3], 2)])],
    ['resize', () => tf.image.resizeBilinear(x(), [9, 11], true)],
    ['mirror pad', () => tf.mirrorPad(resident([5], 1), [[2, 3]], 'reflect')],
    ['tile and reverse', () => tf.reverse(tf.tile(resident([2, 3], 1), [2, 2]), 1)],
    ['one hot', () => tf.oneHot(tf.tensor1d([1, 0, 2], 'int32'), 4)],
    ['cumsum, which runs at once', () => tf.cumsum(tf.add(resident([9], 1), 1))],
    ['nothing to do', () => tf.tile(tf.transpose(tf.add(resident([1, 3], 1), 1), [0, 1]), [1, 1])],
  ])('%s', async (_name, program) => {
    await compare(program, { tolerance: 1e-4 });
  });
});
