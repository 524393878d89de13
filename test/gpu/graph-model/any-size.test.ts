/** Models called with sizes that change from call to call: one set of shaders, and the right answers. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { explain, optimize } from '../../../src/index';
import * as models from '../../support/any-size-models';
import { useBackend } from '../../support/gpu';
import { seededNumbers } from '../../support/small-graph-model';

jest.setTimeout(600_000);

const { WIDTH, WORDS } = models;

function numbers(shape: number[], seed: number): tf.Tensor {
  return tf.tensor(seededNumbers(seed, tf.util.sizeFromShape(shape)), shape);
}

function words(shape: [number, number], seed: number): tf.Tensor {
  const values = seededNumbers(seed, shape[0] * shape[1]);
  return tf.tensor2d(
    Int32Array.from(values, (x, at) =>
      at % shape[1] === 0 ? 1 : Math.floor((x + 1) * 0.5 * WORDS),
    ),
    shape,
    'int32',
  );
}

/** Sizes that differ in classes too: 1, multiples of 4 and none, fewer and more than a tile. */
const LENGTHS: [number, number][] = [
  [2, 12],
  [1, 17],
  [3, 16],
  [2, 7],
];
const IMAGES: [number, number][] = [
  [16, 20],
  [17, 21],
  [15, 32],
  [6, 7],
];

test.each([
  [
    'an encoder',
    models.encoder,
    ([b, t]: number[], s: number) => numbers([b, t, WIDTH], s),
    LENGTHS,
  ],
  [
    'a text encoder',
    models.sentenceEncoder,
    (s: number[], at: number) => words([s[0], s[1]], at),
    LENGTHS,
  ],
  [
    'an image model',
    models.imageModel,
    ([h, w]: number[], s: number) => numbers([1, h, w, 3], s),
    IMAGES,
  ],
  [
    'an upscaler',
    models.upscaler,
    ([h, w]: number[], s: number) => numbers([1, h, w, 3], s),
    IMAGES,
  ],
] as const)('%s', async (_name, write, input, sizes) => {
  const run = async (model: ReturnType<ReturnType<typeof write>['load']>, at: number) => {
    const x = input(sizes[at], at + 1);
    const y = model.predict(x) as tf.Tensor;
    const values = Array.from(await y.data());
    tf.dispose([x, y]);
    return values;
  };
  await useBackend(tf, 'cpu');
  const reference = write().load();
  const expected = [];
  for (const at of sizes.keys()) expected.push(await run(reference, at));
  reference.dispose();

  await useBackend(tf, 'webgpu-fused');
  const model = write().load();
  for (const at of sizes.keys()) {
    const actual = await run(model, at);
    const largest = expected[at].reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    // Float32 on both sides, other orders of summation: 1e-5 of the largest, ten times what is seen.
    const furthest = expected[at].reduce(
      (most, x, i) => Math.max(most, Math.abs(x - actual[i])),
      0,
    );
    expect(actual).toHaveLength(expected[at].length);
    expect(furthest).toBeLessThan(1e-5 * largest);
  }
  const { nodes, compilation } = explain(model);
  expect(nodes.filter(({ fate }) => fate === 'stock')).toEqual([]);
  expect(compilation.shapes).toHaveLength(sizes.length);
  expect(compilation.shapes[0].pipelines.length).toBeGreaterThan(0);
  for (const { why } of compilation.shapes.flatMap(({ pipelines }) => pipelines)) {
    expect(why).not.toBe('');
  }
  model.dispose();
});

test('dimensions given as null: the first plan serves other sizes, too', async () => {
  await useBackend(tf, 'cpu');
  const reference = models.upscaler().load();
  await useBackend(tf, 'webgpu-fused');
  const model = models.upscaler().load();
  await optimize(model, { inputs: { x: [null, null, null, 3] } });
  expect(explain(model).compilation.pipelines.made).toBeGreaterThan(0);
  for (const [seed, shape] of [
    [2, 17, 21, 3],
    [3, 16, 12, 3],
  ].entries()) {
    await useBackend(tf, 'cpu');
    const x = numbers(shape, seed + 1);
    const reading = (reference.predict(x) as tf.Tensor).data<'float32'>();
    const expected = Array.from(await reading);
    await useBackend(tf, 'webgpu-fused');
    const y = model.predict(x) as tf.Tensor;
    const actual = Array.from(await y.data<'float32'>());
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    // As above.
    actual.forEach((value, i) =>
      expect(Math.abs(value - expected[i])).toBeLessThan(1e-5 * largest),
    );
    tf.dispose([x, y]);
  }
  const [, ...later] = explain(model).compilation.shapes;
  expect(later.map(({ pipelines }) => pipelines)).toEqual([[], []]);
  model.dispose();
  reference.dispose();
});
