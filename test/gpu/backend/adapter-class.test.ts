/** Kernels of any class of adapter run on the one at hand, for tests and benchmarks. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { AdapterClass } from '../../../src/fused-kernels/target';
import * as fused from '../../../src/index';
import { forceAdapterClass, forceClassOfEnvironment } from '../../support/adapter-class';
import { useBackend } from '../../support/gpu';

afterAll(forceClassOfEnvironment);

function registerAnew(): void {
  if (tf.findBackendFactory(fused.BACKEND_NAME)) tf.removeBackend(fused.BACKEND_NAME);
  fused.register();
}

/** Some of each family that has kernels of its own for a class. */
function compute(): tf.Tensor[] {
  const ramp = (...shape: number[]): tf.Tensor => {
    const size = shape.reduce((product, dim) => product * dim, 1);
    return tf.reshape(tf.sub(tf.mod(tf.range(0, size), 7), 3), shape);
  };
  const image = ramp(1, 15, 14, 12) as tf.Tensor4D;
  const filter = ramp(3, 3, 12, 20) as tf.Tensor4D;
  return tf.tidy(() => [
    tf.matMul(ramp(70, 65), ramp(65, 68)),
    tf.matMul(ramp(1, 300), ramp(300, 40)),
    tf.relu(tf.conv2d(image, filter, 1, 'same')),
    tf.conv2d(image, filter, 2, 'valid'),
    tf.depthwiseConv2d(image, ramp(3, 3, 12, 1) as tf.Tensor4D, 1, 'same'),
    tf.sum(ramp(3, 2000), 1),
    tf.max(ramp(700, 30), 0),
    tf.softmax(ramp(5, 1000)),
  ]);
}

async function answers(): Promise<number[][]> {
  const tensors = compute();
  const values = await Promise.all(tensors.map((tensor) => tensor.data()));
  tf.dispose(tensors);
  return values.map((one) => [...one]);
}

/** One of each kind: many sums an invocation and few, tiles staged or not. */
const classes: readonly AdapterClass[] = ['software', 'nvidia', 'amd', 'arm'];

test.each(classes)('%s: right answers', async (name) => {
  await useBackend(tf, 'cpu');
  const expected = await answers();
  forceAdapterClass(name);
  registerAnew();
  await useBackend(tf, fused.BACKEND_NAME);
  const backend = tf.backend() as fused.WebGPUFusedBackend;
  expect(backend.adapterClass).toBe(name);
  expect(backend.target.adapterClass).toBe(name);
  const actual = await answers();
  actual.slice(0, -1).forEach((values, i) => expect(values).toEqual(expected[i]));
  actual.at(-1)?.forEach((value, i) => expect(value).toBeCloseTo(expected.at(-1)?.[i] ?? NaN, 7));
});

test('a class that does not exist: an error that lists those there are', () => {
  registerAnew();
  expect(() => forceAdapterClass('geforce' as 'nvidia')).toThrow(
    '[webgpu-fused] WEBGPU_FUSED_ADAPTER: got "geforce"; needs one of software, nvidia,',
  );
});
