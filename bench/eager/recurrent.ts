/** Recurrent layers of 128 units over 100 steps, as layers models, and steps of their training. */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { uploadInputs } from '../../src/measure/inference';
import type { Workload } from './workload';

const [UNITS, STEPS, DEPTH] = [128, 100, 32];
/** Of a training step: sequences of text are as long as that. */
const TRAINING_STEPS = 20;

type Name = 'lstm' | 'gru';

function modelOf(name: Name, steps = STEPS): layers.Sequential {
  let seed = 1;
  const init = () => layers.initializers.glorotUniform({ seed: seed++ });
  const weights = { kernelInitializer: init(), recurrentInitializer: init() };
  const args = { units: UNITS, inputShape: [steps, DEPTH], ...weights };
  return layers.sequential({
    layers: [name === 'lstm' ? layers.layers.lstm(args) : layers.layers.gru(args)],
  });
}

function predict(name: Name, batch: number, share: number): Workload {
  return {
    name: `${name}, ${batch} × ${STEPS} steps`,
    group: 'model',
    share,
    async open() {
      const model = modelOf(name);
      const shape: [number, number, number] = [batch, STEPS, DEPTH];
      const x = tf.randomUniform(shape, -1, 1, 'float32', 9);
      const values = await x.data<'float32'>();
      x.dispose();
      return {
        // A tensor of its own each time: of one that stays, products with weights would be computed once.
        run: () => [tf.tidy(() => model.predict(tf.tensor3d(values, shape)) as tf.Tensor)],
        dispose: () => model.dispose(),
      };
    },
  };
}

function training(name: Name, share: number): Workload {
  return {
    name: `${name}, training step`,
    group: 'training',
    share,
    async open() {
      const model = modelOf(name, TRAINING_STEPS);
      const x = tf.randomUniform([8, TRAINING_STEPS, DEPTH], -1, 1, 'float32', 9);
      const y = tf.randomUniform([8, UNITS], -1, 1, 'float32', 10);
      uploadInputs({ x, y });
      const optimizer = tf.train.adam(1e-3);
      const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
      const loss = (): tf.Scalar => {
        const answer = model.apply(x, { training: true }) as tf.Tensor;
        return tf.losses.meanSquaredError<tf.Tensor, tf.Scalar>(y, answer);
      };
      return {
        run: () => [optimizer.minimize(loss, true, variables) as tf.Scalar],
        dispose() {
          tf.dispose([x, y]);
          optimizer.dispose();
          model.dispose();
        },
      };
    },
  };
}

export const recurrent: readonly Workload[] = [
  predict('lstm', 1, 0.005),
  predict('lstm', 32, 0.06),
  predict('gru', 1, 0.005),
  predict('gru', 32, 0.1),
  training('lstm', 0.25),
];
