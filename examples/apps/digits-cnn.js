// A CNN learns digits, as in tfjs's example `mnist`: conv, pool, conv, pool, dense; an epoch each time.
import 'tfjs-backend-webgpu-fused'; // the one line
import * as tf from '@tensorflow/tfjs';
import { backend } from './host.js';

/** Digits as a seven-segment display lights them: top, middle, bottom; left and right above and below. */
const SEGMENTS = [
  'abcdef',
  'bc',
  'abdeg',
  'abcdg',
  'bcfg',
  'acdfg',
  'acdefg',
  'abc',
  'abcdefg',
  'abcdfg',
];
/** Row, column, height and width of each segment in a picture of 28 × 28. */
const STROKES = {
  a: [4, 9, 3, 10],
  b: [5, 17, 9, 3],
  c: [14, 17, 9, 3],
  d: [21, 9, 3, 10],
  e: [14, 8, 9, 3],
  f: [5, 8, 9, 3],
  g: [13, 9, 3, 10],
};

/** Pictures of digits, moved about and with noise, from a fixed seed, and which digits they show. */
function makeDigits(/** @type {number} */ count, /** @type {number} */ seed) {
  let state = seed;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const pictures = new Float32Array(count * 28 * 28).map(() => 0.2 * random());
  const digits = Array.from({ length: count }, (_, i) => i % 10);
  for (const [i, digit] of digits.entries()) {
    const [down, right] = [random(), random()].map((value) => Math.floor(7 * value) - 3);
    for (const segment of SEGMENTS[digit]) {
      const [top, left, height, width] = STROKES[segment];
      for (let y = top; y < top + height; y++) {
        const start = (i * 28 + y + down) * 28 + left + right;
        pictures.fill(0.8 + 0.2 * random(), start, start + width);
      }
    }
  }
  return { xs: tf.tensor4d(pictures, [count, 28, 28, 1]), ys: tf.oneHot(digits, 10).toFloat() };
}

await tf.setBackend(backend);
const seeded = () => tf.initializers.varianceScaling({ seed: 1 });
const model = tf.sequential({
  layers: [
    tf.layers.conv2d({
      inputShape: [28, 28, 1],
      kernelSize: 5,
      filters: 8,
      activation: 'relu',
      kernelInitializer: seeded(),
    }),
    tf.layers.maxPooling2d({ poolSize: 2, strides: 2 }),
    tf.layers.conv2d({
      kernelSize: 5,
      filters: 16,
      activation: 'relu',
      kernelInitializer: seeded(),
    }),
    tf.layers.maxPooling2d({ poolSize: 2, strides: 2 }),
    tf.layers.flatten(),
    tf.layers.dense({ units: 10, activation: 'softmax', kernelInitializer: seeded() }),
  ],
});
model.compile({
  optimizer: tf.train.adam(0.005),
  loss: 'categoricalCrossentropy',
  metrics: ['accuracy'],
});

const training = makeDigits(640, 1);
const test = makeDigits(40, 2);

export async function run() {
  const { history } = await model.fit(training.xs, training.ys, { batchSize: 64, shuffle: false });
  return { loss: history.loss, predictions: await model.predict(test.xs).data() };
}
