/** Steps of training of a small convolutional network, as on handwritten digits: two convolutions, two pools, adam. */
import * as tf from '@tensorflow/tfjs-core';
import { uploadInputs } from '../../src/measure/inference';
import type { Workload } from './workload';

const BATCH = 32;
const CLASSES = 10;

/** Weights that are the same on every backend, scaled by the terms of each sum. */
function weights(shape: number[], seed: number): tf.Variable {
  const terms = shape.slice(0, -1).reduce((product, dim) => product * dim, 1);
  return tf.tidy(() =>
    tf.variable(tf.randomNormal(shape, 0, Math.sqrt(2 / terms), 'float32', seed)),
  );
}

class Network {
  readonly variables = [
    ...[weights([3, 3, 1, 32], 1), tf.variable(tf.zeros([32]))],
    ...[weights([3, 3, 32, 64], 2), tf.variable(tf.zeros([64]))],
    ...[weights([5 * 5 * 64, CLASSES], 3), tf.variable(tf.zeros([CLASSES]))],
  ];

  logits(x: tf.Tensor4D): tf.Tensor2D {
    const [filter1, bias1, filter2, bias2, dense, bias3] = this.variables;
    const block = (input: tf.Tensor4D, filter: tf.Tensor, bias: tf.Tensor): tf.Tensor4D => {
      const y = tf.add(tf.conv2d(input, filter as tf.Tensor4D, 1, 'valid'), bias);
      return tf.maxPool(tf.relu(y) as tf.Tensor4D, 2, 2, 'valid');
    };
    const features = block(block(x, filter1, bias1), filter2, bias2);
    const flat = tf.reshape(features, [x.shape[0], -1]);
    return tf.add(tf.matMul(flat, dense), bias3);
  }
}

export const cnn: readonly Workload[] = [
  {
    name: 'cnn, training step',
    group: 'training',
    share: 0.35,
    async open() {
      const images = tf.randomUniform<tf.Rank.R4>([BATCH, 28, 28, 1], 0, 1, 'float32', 4);
      const digits = Array.from({ length: BATCH }, (_, i) => (i * 7) % CLASSES);
      const labels = tf.tidy(() => tf.cast(tf.oneHot(digits, CLASSES), 'float32'));
      uploadInputs({ images, labels });
      const network = new Network();
      const optimizer = tf.train.adam(1e-3);
      const loss = (): tf.Scalar =>
        tf.losses.softmaxCrossEntropy<tf.Tensor, tf.Scalar>(labels, network.logits(images));
      return {
        run: () => [optimizer.minimize(loss, true, network.variables) as tf.Scalar],
        dispose() {
          tf.dispose([images, labels, network.variables]);
          optimizer.dispose();
        },
      };
    },
  },
];
