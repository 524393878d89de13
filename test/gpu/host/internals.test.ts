/** Names everything private of tfjs that `src/host/internals.ts` relies upon. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-webgpu';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import {
  backendOf,
  engineInternals,
  internalsOf,
  kernelRegistry,
  tensorData,
} from '../../../src/host/internals';
import { useBackend } from '../../support/gpu';

describe('private members of tfjs 4.22', () => {
  let backend: WebGPUBackend;

  beforeAll(async () => {
    await useBackend(tf, 'webgpu');
    backend = tf.backend() as WebGPUBackend;
  });

  test('WebGPUBackend keeps an encoder, a pass, and a count of dispatches', () => {
    const internals = internalsOf(backend);
    backend.ensureCommandEncoderReady();
    expect(internals.commandEncoder).not.toBeNull();
    tf.add(tf.ones([2048]), 1);
    expect(internals.computePassEncoder).not.toBeNull();
    expect(internals.dispatchCountInPass).toBeGreaterThan(0);
    backend.endComputePassEncoder();
    expect(internals.computePassEncoder).toBeNull();
    backend.submitQueue();
    expect(internals.commandEncoder).toBeNull();
    expect(internals.dispatchCountInPass).toBe(0);
  });

  test('WebGPUBackend notes the tensors of commands that are not submitted', () => {
    const x = tf.add(tf.ones([2048]), 1);
    expect(internalsOf(backend).commandQueueOwnedIds.has(x.dataId)).toBe(true);
  });

  test('WebGPUBackend makes a pipeline again that it has not kept', () => {
    const internals = internalsOf(backend);
    tf.add(tf.ones([2048]), 1);
    const made = Object.keys(internals.pipelineCache);
    expect(made.length).toBeGreaterThan(0);
    internals.pipelineCache = {};
    tf.add(tf.ones([2048]), 1);
    expect(made).toEqual(expect.arrayContaining(Object.keys(internals.pipelineCache)));
    expect(Object.keys(internals.pipelineCache)).toHaveLength(1);
  });

  test('WebGPUBackend times kernels one by one', async () => {
    const internals = internalsOf(backend);
    expect(internals.querySetCount).toBe(2);
    expect(typeof internals.supportTimestampQuery).toBe('boolean');
    let timers: unknown;
    await tf.time(() => {
      tf.add(tf.ones([2048]), 1);
      timers = internals.activeTimers;
    });
    expect(timers).toEqual([{ name: expect.any(String), query: expect.any(Promise) }]);
    expect(typeof internals.getQueryTime).toBe('function');
    expect(typeof internals.releaseResource).toBe('function');
  });

  test('tensor data has values, or a resource once uploaded', () => {
    const x = tf.tensor1d([1, 2, 3]);
    const data = tensorData(backend, x.dataId);
    expect(data).toMatchObject({ dtype: 'float32', shape: [3], refCount: 1 });
    expect(data.values).toBeTruthy();
    backend.uploadToGPU(x.dataId);
    expect(data.values).toBeNull();
    expect(data.resource).toBeInstanceOf(GPUBuffer);
  });

  test('the engine numbers the initialisations of backends, and sorts backends', () => {
    const engine = engineInternals();
    expect(engine.backendName).toBe('webgpu');
    expect(engine.pendingBackendInit).toBeNull();
    expect(engine.pendingBackendInitId).toBeGreaterThan(0);
    expect(engine.getSortedBackends()).toContain('webgpu');
    expect(typeof engine.initializeBackendsAndReturnBest).toBe('function');
  });

  test('the engine knows the backend of a tensor, and the kernels of a backend', () => {
    expect(backendOf(tf.tensor1d([1]).dataId)).toBe(backend);
    expect(kernelRegistry()?.get('webgpu_Add')).toMatchObject({
      kernelName: 'Add',
      backendName: 'webgpu',
    });
  });
});
