/** What a device cannot bind is computed otherwise, or an error with both numbers: never zeros. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as fused from '../../../src/index';
import { useBackend } from '../../support/gpu';
import { TestGraph } from '../../unit/graph-model/support/test-graph';

/** A device with the limits that every one has, whatever the adapter could do. */
async function useDefaultLimits(): Promise<void> {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await (adapter as GPUAdapter).requestDevice();
  fused.useDevice(device);
  if (tf.findBackendFactory(fused.BACKEND_NAME)) tf.removeBackend(fused.BACKEND_NAME);
  fused.register();
  await useBackend(tf, fused.BACKEND_NAME);
  expect(device.limits.maxStorageBufferBindingSize).toBe(2 ** 27);
}

beforeAll(useDefaultLimits);
afterEach(() => void tf.env().set('WEBGPU_FUSED_LAZY', true));

const ROWS = 4000;
const COLUMNS = 9000;

test('a model whose intermediate is 144 MB, where a shader sees 128', async () => {
  const graph = new TestGraph();
  const x = graph.placeholder('x', 'float32', [-1, 1]);
  const weights = graph.constant(new Float32Array(COLUMNS).fill(1), [1, COLUMNS]);
  graph.node('product', 'MatMul', [x, weights]);
  graph.node('relu', 'Relu', ['product']);
  graph.node('y', 'Mean', ['relu', graph.ints([0, 1])]);
  const model = graph.load();
  for (let call = 0; call < 2; call++) {
    const y = model.execute({ x: tf.fill([ROWS, 1], 0.001) }, 'y') as tf.Tensor;
    expect((await y.data())[0]).toBeCloseTo(0.001, 8);
  }
});

test.each([true, false])('eager code, lazy: %s', async (lazy) => {
  tf.env().set('WEBGPU_FUSED_LAZY', lazy);
  const program = (): tf.Tensor =>
    tf.tidy(() => {
      const product = tf.matMul(tf.fill([ROWS, 1], 0.001), tf.ones([1, COLUMNS]));
      return tf.mean(tf.relu(product));
    });
  const numbers = /144000000 bytes; .*134217728/;
  if (lazy) expect((await program().data())[0]).toBeCloseTo(0.001, 8);
  else expect(program).toThrow(numbers);
  // What is asked for itself has to be somewhere.
  const large = async (): Promise<unknown> =>
    tf.matMul(tf.fill([ROWS, 1], 0.001), tf.ones([1, COLUMNS])).data();
  await expect(large()).rejects.toThrow(numbers);
  expect([...(await tf.add(tf.tensor1d([1, 2]), 1).data())]).toEqual([2, 3]);
});

test('a buffer above maxBufferSize', async () => {
  const numbers = /got a tensor .*of 320000000 bytes; needs .*(268435456|134217728)/;
  const large = async (): Promise<unknown> => tf.cumsum(tf.fill([80_000_000], 1)).data();
  await expect(large()).rejects.toThrow(numbers);
  expect([...(await tf.cumsum(tf.tensor1d([1, 2])).data())]).toEqual([1, 3]);
});

test.each([true, false])('AddN of 2 to 40 terms, lazy: %s', async (lazy) => {
  tf.env().set('WEBGPU_FUSED_LAZY', lazy);
  for (const count of [2, 7, 8, 9, 16, 17, 40]) {
    const y = tf.tidy(() => tf.neg(tf.addN(Array.from({ length: count }, () => tf.ones([5])))));
    expect([...(await y.data())]).toEqual(new Array(5).fill(-count));
    const graph = new TestGraph();
    const names = Array.from({ length: count }, (_, i) =>
      graph.placeholder(`x${i}`, 'float32', [-1]),
    );
    graph.node('sum', 'AddN', names);
    graph.node('y', 'Neg', ['sum']);
    const fed = Object.fromEntries(names.map((name) => [name, tf.ones([5])]));
    const z = graph.load().execute(fed, 'y') as tf.Tensor;
    expect([...(await z.data())]).toEqual(new Array(5).fill(-count));
  }
});
