/** Plans for many sizes have their intermediates in the same memory, one after the other. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { BACKEND_NAME, type WebGPUFusedBackend } from '../../../src/index';
import { capture } from '../../../src/capture/capture';
import { largestError } from '../../../src/measure/accuracy';
import { TestGraph } from '../../unit/graph-model/support/test-graph';
import { useBackend } from '../../support/gpu';

const WIDTH = 64;
const SIZES = [200, 31, 173, 64, 199, 120, 47, 188, 90, 151];

/** x → softmax(x · u) · v + x, several times over: a plan of several dispatches. */
function tower(seed: number): TestGraph {
  const graph = new TestGraph();
  graph.placeholder('x', 'float32', [-1, WIDTH]);
  const weights = (layer: number): string =>
    graph.constant(
      Array.from({ length: WIDTH * WIDTH }, (_, i) => Math.sin(i * 0.37 + layer + seed)),
      [WIDTH, WIDTH],
    );
  let last = 'x';
  for (let layer = 0; layer < 4; layer++) {
    graph.node(`first${layer}`, 'MatMul', [last, weights(2 * layer)]);
    graph.node(`mixed${layer}`, 'Softmax', [`first${layer}`]);
    graph.node(`second${layer}`, 'MatMul', [`mixed${layer}`, weights(2 * layer + 1)]);
    graph.node(`y${layer}`, 'AddV2', [`second${layer}`, last]);
    last = `y${layer}`;
  }
  return graph;
}

const input = (rows: number): tf.Tensor2D =>
  tf.tensor2d(
    Array.from({ length: rows * WIDTH }, (_, i) => Math.cos(i * 0.11 + rows)),
    [rows, WIDTH],
  );

/** Results for all sizes, in turn and back again: plans run one after the other, and anew. */
async function results(run: (x: tf.Tensor2D) => tf.Tensor): Promise<Float32Array[]> {
  const values: Float32Array[] = [];
  for (const rows of [...SIZES, ...[...SIZES].reverse(), ...SIZES]) {
    const x = input(rows);
    const y = run(x);
    values.push((await y.data()) as Float32Array);
    tf.dispose([x, y]);
  }
  return values;
}

/** Softmax and sums of 64 products, in another order than on `cpu`. */
const TOLERANCE = 1e-5;

function expectEqual(actual: readonly Float32Array[], expected: readonly Float32Array[]): void {
  actual.forEach((values, i) => expect(largestError(expected[i], values)).toBeLessThan(TOLERANCE));
}

/** Watches what memory plans take: bytes of all slabs, and of those of the largest plan. */
function watchSlabs(): { readonly all: Set<GPUBuffer>; largest: number } {
  const { slabs } = tf.backend() as WebGPUFusedBackend;
  const take = slabs.take.bind(slabs);
  const seen = { all: new Set<GPUBuffer>(), largest: 0 };
  jest.spyOn(slabs, 'take').mockImplementation((sizes) => {
    const taken = take(sizes);
    for (const slab of taken) seen.all.add(slab);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    seen.largest = Math.max(seen.largest, bytes);
    return taken;
  });
  return seen;
}

test('a model for many sizes holds little more than for the largest', async () => {
  await useBackend(tf, 'cpu');
  const reference = tower(0).load();
  const expected = await results((x) => reference.predict(x) as tf.Tensor);
  await useBackend(tf, BACKEND_NAME);
  const model = tower(0).load();
  const seen = watchSlabs();
  expectEqual(await results((x) => model.predict(x) as tf.Tensor), expected);
  expect(seen.largest).toBeGreaterThan(0);
  const bytes = [...seen.all].reduce((sum, { size }) => sum + size, 0);
  expect(bytes).toBeLessThan(2 * seen.largest);
  model.dispose();
  jest.restoreAllMocks();
});

test('a captured call of two models, whose plans have the same memory, is right', async () => {
  await useBackend(tf, 'cpu');
  const references = [tower(1).load(), tower(2).load()];
  const both = (models: typeof references) => (x: tf.Tensor2D) =>
    tf.tidy(() => {
      const y = models[0].predict(x) as tf.Tensor;
      return tf.add(models[1].predict(tf.mul(y, 0.5)) as tf.Tensor, y);
    });
  const expected = await results(both(references));
  await useBackend(tf, BACKEND_NAME);
  const models = [tower(1).load(), tower(2).load()];
  const captured = capture(both(models));
  expectEqual(await results(captured), expected);
  models.forEach((model) => model.dispose());
});
