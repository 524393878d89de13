/** A driver that rejects a generated shader costs speed, never an answer. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { GraphModel } from '@tensorflow/tfjs-converter';
import * as fused from '../../../src/index';
import { takeGpuErrors, useBackend } from '../../support/gpu';
import { INPUT_SHAPE, smallGraphModel } from '../../support/small-graph-model';
import { TestGraph } from '../../unit/graph-model/support/test-graph';

/** Has the driver reject every shader of ours that is made until it is told otherwise. */
function rejectShaders(device: GPUDevice): () => void {
  const create = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) =>
    create({ ...descriptor, code: descriptor.code.replace('// fused:', 'this is no WGSL //') });
  return () => {
    device.createShaderModule = create;
  };
}

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

beforeEach(async () => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  if (tf.findBackendFactory(fused.BACKEND_NAME)) tf.removeBackend(fused.BACKEND_NAME);
  fused.register();
  await useBackend(tf, fused.BACKEND_NAME);
});

afterEach(() => jest.restoreAllMocks());

const backend = (): fused.WebGPUFusedBackend => tf.backend() as fused.WebGPUFusedBackend;

test('the original ops run when a shader is rejected', async () => {
  rejectShaders(backend().device);
  const model = await loadSmall();
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

describe('what was computed of a tensor that a rejected shader was to compute', () => {
  const REJECTED = /rejected a generated shader/;
  /** A kernel that no plan computes. */
  const ofStock = (x: tf.Tensor): tf.Tensor => tf.localResponseNormalization(x as tf.Tensor4D);

  const consumers: Record<string, (y: tf.Tensor) => tf.Tensor> = {
    'by kernels that wait': (y) => tf.mul(tf.add(y, 1), 2),
    'by a kernel of stock, twice removed': (y) => ofStock(ofStock(y)),
    'as another view': (y) => tf.reshape(y, [-1]),
    'by another model': (y) => {
      const graph = new TestGraph();
      graph.placeholder('x', 'float32', [-1, -1, -1, -1]);
      graph.node('square', 'Square', ['x']);
      graph.node('y', 'Neg', ['square']);
      return graph.load().execute({ x: y }, 'y') as tf.Tensor;
    },
  };

  const cases = Object.keys(consumers).flatMap((name) => [
    [name, true] as const,
    [name, false] as const,
  ]);

  test.each(cases)('%s is no answer either (lazy: %s)', async (name, lazy) => {
    tf.env().set('WEBGPU_FUSED_LAZY', lazy);
    try {
      const accept = rejectShaders(backend().device);
      const model = await loadSmall();
      const other = ofStock(tf.ones([1, 1, 1, 4]));
      const first = model.predict(tf.ones(INPUT_SHAPE)) as tf.Tensor;
      accept();
      const early = consumers[name](first);
      await expect(early.data()).rejects.toThrow(REJECTED);
      // Once the driver has answered, it is known at once.
      const late = consumers[name](first);
      expect(() => late.dataSync()).toThrow(REJECTED);
      // 1 / √(1 + 4 · 1²)
      expect((await other.data())[0]).toBeCloseTo(1 / Math.sqrt(5), 5);
      expect((await ofStock(other).data())[0]).toBeCloseTo(1 / 3, 5);
      const second = model.predict(tf.ones(INPUT_SHAPE)) as tf.Tensor;
      const read = await consumers[name](second).data();
      expect(read.every(Number.isFinite)).toBe(true);
    } finally {
      tf.env().set('WEBGPU_FUSED_LAZY', true);
      await takeGpuErrors();
    }
  });
});

test("a shader of stock's that is rejected once is compiled anew", async () => {
  const { device } = backend();
  const create = device.createShaderModule.bind(device);
  const normalize = (): tf.Tensor =>
    tf.localResponseNormalization(tf.ones<tf.Rank.R4>([1, 2, 2, 3]), 1);
  device.createShaderModule = (descriptor) =>
    create({ ...descriptor, code: `this is no WGSL ${descriptor.code}` });
  const lost = normalize();
  backend().submitQueue();
  device.createShaderModule = create;
  await expect(lost.data()).rejects.toThrow(/LRN\w*Program/);
  await useBackend(tf, 'cpu');
  const expected = await normalize().data();
  await useBackend(tf, fused.BACKEND_NAME);
  const values = await normalize().data();
  expected.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 5));
  await takeGpuErrors();
});
