/**
 * Faults of the driver, one at a time: a buffer that is dead from birth, commands that are dropped. Whatever
 * is read is right or throws; and once the fault is over, the next call is right.
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as fused from '../../../src/index';
import { takeGpuErrors, useBackend } from '../../support/gpu';
import { TestGraph } from '../../unit/graph-model/support/test-graph';

beforeEach(async () => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  if (tf.findBackendFactory(fused.BACKEND_NAME)) tf.removeBackend(fused.BACKEND_NAME);
  fused.register();
  await useBackend(tf, fused.BACKEND_NAME);
});

afterEach(() => {
  jest.restoreAllMocks();
  tf.env().set('WEBGPU_FUSED_LAZY', true);
});

const device = (): GPUDevice => (tf.backend() as fused.WebGPUFusedBackend).device;

/** Destroys the `nth` buffer that is made from now on, at birth; answers how many were made. */
function killBuffer(nth: number): { made: number; stop(): void } {
  const target = device();
  const create = target.createBuffer.bind(target);
  const state = {
    made: 0,
    stop() {
      target.createBuffer = create;
    },
  };
  target.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    if (state.made++ === nth && !descriptor.mappedAtCreation) buffer.destroy();
    return buffer;
  };
  return state;
}

/** x → softmax(x · u) · v: a plan of several dispatches with slabs, constants and uniforms. */
function tower() {
  const graph = new TestGraph();
  graph.placeholder('x', 'float32', [-1, 8]);
  const weights = (rows: number, columns: number): string =>
    graph.constant(
      Array.from({ length: rows * columns }, (_, i) => Math.sin(i)),
      [rows, columns],
    );
  graph.node('first', 'MatMul', ['x', weights(8, 16)]);
  graph.node('mixed', 'Softmax', ['first']);
  graph.node('y', 'MatMul', ['mixed', weights(16, 4)]);
  return graph;
}

const rows = (): number[] => Array.from({ length: 24 }, (_, i) => Math.cos(i));

const programs: Record<string, (lazy: boolean) => () => tf.Tensor> = {
  model: () => {
    const model = tower().load();
    return () => tf.tidy(() => model.execute({ x: tf.tensor2d(rows(), [3, 8]) }, 'y') as tf.Tensor);
  },
  eager: (lazy) => {
    tf.env().set('WEBGPU_FUSED_LAZY', lazy);
    return () =>
      tf.tidy(() => {
        const x = tf.tensor2d(rows(), [3, 8]);
        return tf.cumsum(tf.softmax(tf.matMul(x, x, false, true)), 1);
      });
  },
  captured: () => {
    const call = fused.capture((x: tf.Tensor) => tf.cumsum(tf.relu(tf.cumsum(x, 1)), 0));
    return () => tf.tidy(() => call(tf.tensor2d(rows(), [3, 8])));
  },
};

const kinds = [
  ['model', true],
  ['eager', true],
  ['eager', false],
  ['captured', true],
] as const;

test.each(kinds)('each buffer of a %s in turn, lazy: %s', async (kind, lazy) => {
  await useBackend(tf, 'cpu');
  tf.env().set('WEBGPU_FUSED_LAZY', false);
  const reference =
    kind === 'captured'
      ? tf.cumsum(tf.relu(tf.cumsum(tf.tensor2d(rows(), [3, 8]), 1)), 0)
      : programs[kind](false)();
  const expected = [...(await reference.data())];
  let faults = 0;
  for (let nth = 0, more = true; more && nth < 40; nth++) {
    // A backend of its own, so that no buffer is there yet.
    tf.removeBackend(fused.BACKEND_NAME);
    fused.register();
    await useBackend(tf, fused.BACKEND_NAME);
    const program = programs[kind](lazy);
    const killed = killBuffer(nth);
    const read = async (mayFail: boolean): Promise<void> => {
      let values: number[];
      try {
        values = [...(await program().data())];
      } catch (error) {
        expect(mayFail).toBe(true);
        expect((error as Error).message).toMatch(/not computed.*validation/);
        faults++;
        return;
      }
      expected.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 4));
    };
    for (let call = 0; call < 4; call++) await read(true);
    more = killed.made > nth;
    killed.stop();
    // Weights are the app's: a model whose weight is dead has to be loaded again.
    if (kind === 'model') continue;
    for (let call = 0; call < 4; call++) await read(false);
  }
  await takeGpuErrors();
  expect(faults).toBeGreaterThan(0);
});

test.each(kinds)('each buffer of a %s, read in the same task, lazy: %s', async (kind, lazy) => {
  let faults = 0;
  let expected: Float32Array | undefined;
  for (let nth = -1, more = true; more && nth < 40; nth++) {
    tf.removeBackend(fused.BACKEND_NAME);
    fused.register();
    await useBackend(tf, fused.BACKEND_NAME);
    const program = programs[kind](lazy);
    const killed = killBuffer(nth);
    // Nothing is awaited: what the driver says is not there yet.
    for (let call = 0; call < 3; call++) {
      try {
        const values = program().dataSync<'float32'>();
        expected ??= values;
        values.forEach((value, i) => expect(value).toBeCloseTo(expected?.[i] as number, 4));
      } catch (error) {
        expect((error as Error).message).toMatch(/not computed.*validation|got no elements/);
        faults++;
      }
    }
    more = killed.made > nth;
    killed.stop();
  }
  await takeGpuErrors();
  expect(faults).toBeGreaterThan(0);
});

test('memory that cannot be had is told apart, and from shaders that are rejected', async () => {
  const target = device();
  const pop = target.popErrorScope.bind(target);
  const create = target.createBuffer.bind(target);
  // What a driver without memory does: a dead buffer, and an error of that kind.
  let starved = 0;
  target.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    if (descriptor.size === 4 * 77) {
      starved = 1;
      buffer.destroy();
    }
    return buffer;
  };
  target.popErrorScope = () => {
    const answer = pop();
    if (starved !== 1) return answer;
    starved = 2;
    return Promise.resolve({ message: 'out of memory (77)' } as GPUError);
  };
  const y = tf.add(tf.tensor1d(new Array<number>(77).fill(1)), tf.cumsum(tf.ones([77])));
  await expect(y.data()).rejects.toThrow(/out-of-memory: out of memory \(77\)/);
  target.createBuffer = create;
  target.popErrorScope = pop;
  expect((await tf.cumsum(tf.ones([77])).data())[76]).toBe(77);
  expect((tf.backend() as fused.WebGPUFusedBackend).validation.hasRejected).toBe(false);
  await takeGpuErrors();
});

test("an invalid shader of tfjs's own names its kernel", async () => {
  const target = device();
  const create = target.createShaderModule.bind(target);
  target.createShaderModule = (descriptor) =>
    create(descriptor.label?.startsWith('LRN') ? { ...descriptor, code: 'no WGSL' } : descriptor);
  const y = tf.localResponseNormalization(tf.ones<tf.Rank.R4>([1, 1, 1, 5]));
  await expect(y.data()).rejects.toThrow(/not computed, because .* of LRN\w*Program \(validation/);
  target.createShaderModule = create;
  expect([...(await tf.add(tf.tensor1d([1, 2]), 1).data())]).toEqual([2, 3]);
  await takeGpuErrors();
});
