/** tfjs casts without loss by renaming: a float32 tensor may have an int32 buffer. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { GraphModel } from '@tensorflow/tfjs-converter';
import * as fused from '../../../src/index';
import { useBackend } from '../../support/gpu';
import { INPUT_SHAPE, smallGraphModel } from '../../support/small-graph-model';

async function loadSmall(): Promise<GraphModel> {
  const { json, weights } = smallGraphModel();
  const { modelTopology, weightsManifest } = json as {
    modelTopology: object;
    weightsManifest: { weights: tf.io.WeightsManifestEntry[] }[];
  };
  const [{ weights: weightSpecs }] = weightsManifest;
  const weightData = weights.slice().buffer;
  const model = new GraphModel({
    load: () => Promise.resolve({ modelTopology, weightSpecs, weightData }),
  });
  await model.load();
  return model;
}

const size = tf.util.sizeFromShape(INPUT_SHAPE);
const pixels = Int32Array.from({ length: size }, (_, i) => (i * 37) % 256);

async function predict(model: GraphModel, input: tf.Tensor): Promise<number[]> {
  const output = model.predict(input) as tf.Tensor;
  return [...(await output.data())];
}

test.each([true, false])('pixels cast to float32 (lazy: %s)', async (lazy) => {
  await useBackend(tf, 'cpu');
  const model = await loadSmall();
  const floats = Float32Array.from(pixels);
  const expected = await predict(model, tf.tensor(floats, INPUT_SHAPE));
  await useBackend(tf, fused.BACKEND_NAME);
  tf.env().set('WEBGPU_FUSED_LAZY', lazy);
  try {
    const whole = tf.tensor(pixels, INPUT_SHAPE, 'int32');
    (tf.backend() as fused.WebGPUFusedBackend).uploadToGPU(whole.dataId);
    for (const input of [tf.cast(whole, 'float32'), tf.tensor(floats, INPUT_SHAPE)]) {
      const values = await predict(model, input);
      values.forEach((value, i) => expect(value / 256).toBeCloseTo(expected[i] / 256, 4));
    }
  } finally {
    tf.env().set('WEBGPU_FUSED_LAZY', true);
  }
});
