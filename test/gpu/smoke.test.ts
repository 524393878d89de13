import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-webgpu';
import { device, takeGpuErrors, useBackend } from '../support/gpu';

describe('the stock webgpu backend in Jest', () => {
  test('multiplies matrices as cpu does', async () => {
    const multiply = async (backend: string): Promise<Float32Array> => {
      await useBackend(tf, backend);
      const a = tf.randomUniform([33, 65], -1, 1, 'float32', 7);
      const b = tf.randomUniform([65, 17], -1, 1, 'float32', 8);
      return tf.matMul(a, b).data<'float32'>();
    };
    const expected = await multiply('cpu');
    const actual = await multiply('webgpu');
    expect(actual).toHaveLength(33 * 17);
    expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 3));
  });

  test('an uncaptured error is noticed', async () => {
    await useBackend(tf, 'webgpu');
    device().createShaderModule({ code: 'this is not WGSL' });
    expect(await takeGpuErrors()).toEqual([expect.stringMatching(/^GPUValidationError: .*WGSL/s)]);
  });

  test('compiles a pipeline asynchronously', async () => {
    await useBackend(tf, 'webgpu');
    const module = device().createShaderModule({
      code: '@compute @workgroup_size(1) fn main() {}',
    });
    const pipeline = await device().createComputePipelineAsync({
      layout: 'auto',
      compute: { module },
    });
    expect(pipeline).toBeInstanceOf(GPUComputePipeline);
  });
});
