/**
 * Networks and composites as apps write them: an encoder block in three forms, a layer normalisation, a
 * MobileNetV2, attention scores by einsum. Weights are plain tensors, unless a layers model has them.
 */
import * as tf from '@tensorflow/tfjs-core';
import { mobileNetV2 } from '../../test/support/mobilenet';
import { seededNumbers } from '../../test/support/small-graph-model';
import { BASE } from '../../test/support/transformers/blocks';
import {
  encoderEager,
  encoderGraph,
  encoderLayers,
  encoderWeights,
} from '../../test/support/transformers/encoder';
import type { Workload } from './workload';

interface Program {
  run(x: tf.Tensor): tf.Tensor;
  dispose(): void;
}

/** A program of one input, which is another tensor in each run, as data are. */
function program(name: string, floor: number, shape: number[], make: () => Program): Workload {
  return {
    name,
    group: 'model',
    floor,
    async open() {
      const { run, dispose } = make();
      const elements = seededNumbers(1, tf.util.sizeFromShape(shape));
      return { run: () => [tf.tidy(() => run(tf.tensor(elements, shape)))], dispose };
    },
  };
}

const TOKENS = [BASE.batch, BASE.tokens, BASE.width];

const encoders: readonly Workload[] = [
  program('encoder block, graph model', 7, TOKENS, () => {
    const model = encoderGraph(BASE, encoderWeights(BASE)).load();
    return {
      run: (x) => model.execute(x, 'y') as tf.Tensor,
      dispose: () => model.dispose(),
    };
  }),
  program('encoder block, layers model', 7, TOKENS, () => {
    const model = encoderLayers(BASE, encoderWeights(BASE));
    return {
      run: (x) => model.predict(x) as tf.Tensor,
      dispose: () => void model.dispose(),
    };
  }),
  program('encoder block, eager', 7, TOKENS, () => encoderEager(BASE, encoderWeights(BASE))),
];

const layerNorm = program('layer norm of moments', 1, [64, 768], () => {
  const [gain, shift] = [tf.randomUniform([768], 0.5, 1.5, 'float32', 1), tf.zeros([768])];
  return {
    run(x) {
      const { mean, variance } = tf.moments(x, -1, true);
      const scaled = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)));
      return tf.add(tf.mul(scaled, gain), shift);
    },
    dispose: () => tf.dispose([gain, shift]),
  };
});

const einsum = program('scores by einsum', 1, [2, 128, 64], () => ({
  run(x) {
    const [q, k] = tf.split(x, 2) as [tf.Tensor3D, tf.Tensor3D];
    return tf.relu(tf.einsum('bqd,bkd->bqk', q, k));
  },
  dispose: () => undefined,
}));

const mobileNet = program('MobileNetV2 1.0, eager', 40, [1, 224, 224, 3], () => {
  const { run, dispose } = mobileNetV2({ alpha: 1, size: 224, classes: 1000 });
  return { run: (x) => run(x as tf.Tensor4D), dispose };
});

export const writtenOut: readonly Workload[] = [...encoders, layerNorm, einsum, mobileNet];
