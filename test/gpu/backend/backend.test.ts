/** The backend among others: registration, moving data, kernels that WebGPU lacks, alias. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as fused from '../../../src/index';
import { useBackend } from '../../support/gpu';

describe('backend', () => {
  beforeEach(() => useBackend(tf, fused.BACKEND_NAME));

  test('computes, and reads synchronously', () => {
    const y = tf.relu(tf.tensor1d([-1, 0, 2]));
    expect([...y.dataSync()]).toEqual([0, 0, 2]);
  });

  test.each(['float32', 'int32', 'bool'] as const)('reads %s back synchronously', (dtype) => {
    const x = tf.tensor2d([[1, 0], [0, 1]], undefined, dtype); // prettier-ignore
    expect([...tf.transpose(x).dataSync()]).toEqual([1, 0, 0, 1]);
  });

  test.each(['cpu', 'webgpu'])('takes tensors from %s and gives them back', async (other) => {
    await useBackend(tf, other);
    const there = tf.add(tf.tensor1d([1, 2, 3, 4, 5]), 1);
    await useBackend(tf, fused.BACKEND_NAME);
    const here = tf.mul(there, 2);
    expect([...(await here.data())]).toEqual([4, 6, 8, 10, 12]);
    if (other === 'cpu') {
      const unread = tf.add(here, 1);
      await useBackend(tf, other);
      expect([...(await tf.sub(unread, 1).data())]).toEqual([4, 6, 8, 10, 12]);
    }
  });

  test('runs kernels that only cpu has', async () => {
    const { values, indices } = tf.unique(tf.tensor1d([3, 1, 3, 2, 1]));
    expect([...(await values.data())]).toEqual([3, 1, 2]);
    expect([...(await indices.data())]).toEqual([0, 1, 0, 2, 1]);
  });

  test('finds kernels that an app registers for webgpu later', () => {
    tf.registerKernel({
      kernelName: 'AppKernel',
      backendName: 'webgpu',
      kernelFunc: ({ backend }) =>
        (backend as fused.WebGPUFusedBackend).makeTensorInfo([1], 'float32', new Float32Array([7])),
    });
    const y = tf.engine().runKernel<tf.Tensor>('AppKernel', {});
    expect([...y.dataSync()]).toEqual([7]);
  });

  test('has a priority below stock webgpu', () => {
    const factories = tf.engine().registryFactory;
    expect(factories[fused.BACKEND_NAME].priority).toBeLessThan(factories.webgpu.priority);
  });

  test('serves the name webgpu when asked to', async () => {
    fused.aliasWebGPU();
    await useBackend(tf, 'webgpu');
    expect(tf.backend()).toBeInstanceOf(fused.WebGPUFusedBackend);
    expect([...(await tf.add(tf.tensor1d([1]), 1).data())]).toEqual([2]);
  });
});

describe('device', () => {
  test('a missing adapter is an error that says what to do', async () => {
    const { gpu } = navigator;
    const requestAdapter = gpu.requestAdapter.bind(gpu);
    gpu.requestAdapter = () => Promise.resolve(null);
    try {
      const { requestDevice } = await import('../../../src/host/request-device');
      await expect(requestDevice()).rejects.toThrow(/no WebGPU adapter.*lavapipe/);
    } finally {
      gpu.requestAdapter = requestAdapter;
    }
  });

  test('one of the app is used', async () => {
    const adapter = await navigator.gpu.requestAdapter();
    const device = await adapter!.requestDevice();
    fused.useDevice(device);
    tf.removeBackend(fused.BACKEND_NAME);
    fused.register();
    await useBackend(tf, fused.BACKEND_NAME);
    expect((tf.backend() as fused.WebGPUFusedBackend).device).toBe(device);
    expect([...(await tf.add(tf.tensor1d([1]), 1).data())]).toEqual([2]);
  });
});
