import { compare, expectClose, resident, tf, trace, useLazy, useReference } from './support';

/** Runs on stock, then here. */
async function onBoth<T>(program: () => Promise<T>): Promise<[expected: T, actual: T]> {
  await useReference('webgpu');
  const expected = await program();
  await useLazy();
  return [expected, await program()];
}

describe('gradients', () => {
  test.each<[string, (x: tf.Tensor) => tf.Tensor]>([
    ['of a chain', (x) => tf.sum(tf.tanh(tf.mul(tf.add(x, 1), x)))],
    ['of a softmax', (x) => tf.sum(tf.square(tf.softmax(tf.reshape(x, [4, 6]))))],
    ['of a matmul', (x) => tf.mean(tf.matMul(tf.reshape(x, [4, 6]), tf.reshape(x, [6, 4])))],
    ['with broadcasting', (x) => tf.sum(tf.mul(tf.reshape(x, [24, 1]), tf.reshape(x, [1, 24])))],
    [
      'of a convolution and a pool',
      (x) => {
        const image = tf.reshape<tf.Rank.R4>(x, [1, 4, 6, 1]);
        const filter = resident([2, 2, 1, 3], 4) as tf.Tensor4D;
        return tf.sum(tf.maxPool(tf.relu(tf.conv2d(image, filter, 1, 'same')), 2, 2, 'valid'));
      },
    ],
    ['of a gather', (x) => tf.sum(tf.square(tf.gather(x, tf.tensor1d([3, 3, 1], 'int32'))))],
  ])('%s', async (_name, f) => {
    await compare(() => tf.grad(f)(resident([24], 3)), { tolerance: 1e-4 });
  });

  test('second order', async () => {
    const f = (x: tf.Tensor): tf.Tensor => tf.sum(tf.pow(x, 3));
    await compare(() => tf.grad((x) => tf.sum(tf.grad(f)(x)))(resident([12], 3)), {
      tolerance: 1e-4,
    });
  });
});

describe('variables', () => {
  test('an op that waits reads the value from before an assignment', async () => {
    await useLazy();
    const v = tf.variable(resident([40], 1));
    const before = (await v.data()).slice();
    const y = tf.add(v, 1);
    v.assign(tf.mul(v, 0));
    expectClose(
      [...(await y.data())],
      [...before].map((value) => value + 1),
    );
    expectClose([...(await v.data())], new Array<number>(40).fill(0));
    tf.dispose([y, v]);
  });

  test.each(['sgd', 'momentum', 'adam', 'rmsprop'] as const)(
    '%s converges as on stock',
    async (name) => {
      const train = async () => {
        const w = tf.variable(resident([6, 1], 1));
        const x = resident([32, 6], 2);
        const t = resident([32, 1], 3);
        const optimizer = name === 'momentum' ? tf.train.momentum(0.05, 0.9) : tf.train[name](0.05);
        const losses: number[] = [];
        for (let step = 0; step < 8; step++) {
          const loss = optimizer.minimize(
            () => tf.losses.meanSquaredError<tf.Tensor, tf.Scalar>(t, tf.tanh(tf.matMul(x, w))),
            true,
          );
          losses.push((await loss?.data())?.[0] ?? NaN);
          loss?.dispose();
        }
        const tensors = tf.memory().numTensors;
        const weights = [...(await w.data())];
        tf.dispose([w, x, t]);
        optimizer.dispose();
        return { losses, weights, tensors: tensors - tf.memory().numTensors };
      };
      const [expected, actual] = await onBoth(train);
      expectClose(actual.losses, expected.losses, 1e-4);
      expectClose(actual.weights, expected.weights, 1e-4);
      expect(actual.tensors).toBe(expected.tensors);
    },
  );
});

describe('layers models', () => {
  function smallModel(): tf.Sequential {
    let seed = 1;
    const kernelInitializer = () =>
      tf.initializers.randomUniform({ minval: -0.5, maxval: 0.5, seed: seed++ });
    return tf.sequential({
      layers: [
        tf.layers.conv2d({
          ...{ inputShape: [12, 12, 3], filters: 8, kernelSize: 3, padding: 'same' },
          kernelInitializer: kernelInitializer(),
        }),
        tf.layers.batchNormalization(),
        tf.layers.reLU({ maxValue: 6 }),
        tf.layers.depthwiseConv2d({ kernelSize: 3, depthwiseInitializer: kernelInitializer() }),
        tf.layers.globalAveragePooling2d({}),
        tf.layers.dense({
          units: 5,
          activation: 'softmax',
          kernelInitializer: kernelInitializer(),
        }),
      ],
    });
  }

  test('predict', async () => {
    const [expected, actual] = await onBoth(async () => {
      const model = smallModel();
      const x = resident([2, 12, 12, 3], 9);
      const y = model.predict(x) as tf.Tensor;
      const values = [...(await y.data())];
      tf.dispose([x, y]);
      model.dispose();
      return values;
    });
    expectClose(actual, expected, 1e-4);
    expect(trace().dispatches).toBeLessThan(6);
  });

  test('fit', async () => {
    const [expected, actual] = await onBoth(async () => {
      const model = smallModel();
      model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy' });
      const x = resident([8, 12, 12, 3], 9);
      const y = tf.oneHot(tf.tensor1d([0, 1, 2, 3, 4, 0, 1, 2], 'int32'), 5);
      const { history } = await model.fit(x, y, {
        ...{ epochs: 3, batchSize: 4, shuffle: false, verbose: 0 },
      });
      tf.dispose([x, y]);
      model.dispose();
      return history.loss as number[];
    });
    expectClose(actual, expected, 1e-4);
  });
});
