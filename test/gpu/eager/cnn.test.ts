/** Training of a convolutional network: each step is a few dispatches, and learns as on `cpu`. */
import { countGpu } from '../../support/count-gpu';
import { expectClose, resident, tf, trace, useLazy, useReference } from './support';

// Software drivers take long for pipelines that they have not seen before.
jest.setTimeout(300_000);

const STEPS = 50;
const BATCH = 8;

function network(): tf.Sequential {
  let seed = 1;
  const init = () => tf.initializers.glorotUniform({ seed: seed++ });
  return tf.sequential({
    layers: [
      tf.layers.conv2d({
        ...{ inputShape: [12, 12, 1], filters: 8, kernelSize: 3, activation: 'relu' },
        kernelInitializer: init(),
      }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.conv2d({ filters: 12, kernelSize: 3, padding: 'same', kernelInitializer: init() }),
      tf.layers.batchNormalization(),
      tf.layers.activation({ activation: 'relu' }),
      tf.layers.averagePooling2d({ poolSize: 2, padding: 'same' }),
      tf.layers.depthwiseConv2d({ kernelSize: 2, depthwiseInitializer: init() }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 5, activation: 'softmax', kernelInitializer: init() }),
    ],
  });
}

/** Losses of the first `steps` steps, and the dispatches and submits of one step after them. */
async function train(steps: number) {
  const model = network();
  model.compile({ optimizer: tf.train.adam(0.01), loss: 'categoricalCrossentropy' });
  const x = resident([BATCH, 12, 12, 1], 9);
  const labels = Array.from({ length: BATCH }, (_, i) => (i * 3) % 5);
  const y = tf.oneHot(tf.tensor1d(labels, 'int32'), 5);
  const losses: number[] = [];
  const step = async () => losses.push((await model.trainOnBatch(x, y)) as number);
  for (let at = 0; at < steps; at++) await step();
  const counts = await countGpu(step);
  tf.dispose([x, y]);
  model.dispose();
  return { losses, ...counts };
}

test('losses are those of cpu, in a third of the dispatches of stock', async () => {
  await useReference('cpu');
  const expected = await train(STEPS);
  await useReference('webgpu');
  const stock = await train(3);
  await useLazy();
  const actual = await train(STEPS);
  // Rounding differs, and what it does to one step is carried into the next.
  expectClose(actual.losses, expected.losses, 1e-3);
  expect(actual.losses[STEPS - 1]).toBeLessThan(0.5 * actual.losses[0]);
  expect(stock.dispatches).toBeGreaterThan(100);
  expect(actual.dispatches).toBeLessThanOrEqual(0.35 * stock.dispatches);
  expect(trace().left).toEqual([]);
});
