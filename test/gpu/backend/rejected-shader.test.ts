/** A driver that rejects a generated shader costs speed, never an answer. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { GraphModel } from '@tensorflow/tfjs-converter';
import * as fused from '../../../src/index';
import { takeGpuErrors, useBackend } from '../../support/gpu';
import { INPUT_SHAPE, smallGraphModel } from '../../support/small-graph-model';

test('the original ops run when a shader is rejected', async () => {
  await useBackend(tf, fused.BACKEND_NAME);
  const { device } = tf.backend() as fused.WebGPUFusedBackend;
  const create = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) =>
    create({
      ...descriptor,
      code: descriptor.code.replace('// fused:', 'this is no WGSL //'),
    });
  const { json, weights } = smallGraphModel();
  const { modelTopology, weightsManifest } = json as {
    modelTopology: object;
    weightsManifest: { weights: tf.io.WeightsManifestEntry[] }[];
  };
  const model = new GraphModel({
    load: () =>
      Promise.resolve({
        modelTopology,
        weightSpecs: weightsManifest[0].weights,
        weightData: weights.slice().buffer,
      }),
  });
  await model.load();
  const input = tf.ones(INPUT_SHAPE);
  const first = model.predict(input) as tf.Tensor;
  await expect(first.data()).rejects.toThrow(/rejected a generated shader.*Run the model again/);
  await useBackend(tf, 'cpu');
  const expected = await (model.predict(tf.ones(INPUT_SHAPE)) as tf.Tensor).data();
  await useBackend(tf, fused.BACKEND_NAME);
  const second = model.predict(input) as tf.Tensor;
  const third = model.predict(input) as tf.Tensor;
  for (const output of [second, third]) {
    const values = await output.data();
    expect(Math.max(...values)).toBeGreaterThan(0);
    expected.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 4));
  }
  expect(fused.explain(model).refused.map(({ reason }) => reason)).toContain(
    'the driver rejected a generated shader',
  );
  await takeGpuErrors();
});
