/** A text model with masked words, trained: the losses are those of cpu, whether kernels wait or not. */
import * as layers from '@tensorflow/tfjs-layers';
import { expectClose, tf, useLazy, useReference } from './support';

jest.setTimeout(240_000);

const WORDS = 12;
const LENGTH = 5;

/** Every weight drawn with a seed. */
function textModel(): layers.LayersModel {
  const drawn = (seed: number) => layers.initializers.randomUniform({ minval: -0.5, maxval: 0.5, seed }); // prettier-ignore
  const model = layers.sequential({
    layers: [
      layers.layers.embedding({
        inputDim: WORDS,
        outputDim: 6,
        inputLength: LENGTH,
        maskZero: true,
        embeddingsInitializer: drawn(1),
      }),
      layers.layers.lstm({ units: 5, kernelInitializer: drawn(2), recurrentInitializer: drawn(3) }),
      layers.layers.dense({ units: 1, activation: 'sigmoid', kernelInitializer: drawn(4) }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(0.05), loss: 'binaryCrossentropy' });
  return model;
}

/** Sentences of different lengths, filled up with zeros; whether the first word is a low one. */
function sentences(): [tf.Tensor, tf.Tensor] {
  const words = Array.from({ length: 8 }, (_, row) =>
    Array.from({ length: LENGTH }, (__, at) =>
      at > row % LENGTH ? 0 : 1 + ((5 * row + 3 * at) % (WORDS - 1)),
    ),
  );
  const isLow = words.map(([first]) => [first < WORDS / 2 ? 1 : 0]);
  return [tf.tensor2d(words), tf.tensor2d(isLow)];
}

async function losses(): Promise<number[]> {
  const model = textModel();
  const [x, y] = sentences();
  const { history } = await model.fit(x, y, {
    epochs: 5,
    batchSize: 4,
    shuffle: false,
    verbose: 0,
  });
  tf.dispose([x, y]);
  model.dispose();
  return history.loss as number[];
}

let expected: number[];
beforeAll(async () => {
  await useReference('cpu');
  expected = await losses();
});

test('cpu learns something', () => {
  expect(expected[4]).toBeLessThan(expected[0] - 0.05);
});

test.each([true, false])('with WEBGPU_FUSED_LAZY %s', async (lazy) => {
  await useLazy();
  tf.env().set('WEBGPU_FUSED_LAZY', lazy);
  try {
    expectClose(await losses(), expected, 1e-3);
  } finally {
    tf.env().set('WEBGPU_FUSED_LAZY', true);
  }
});
