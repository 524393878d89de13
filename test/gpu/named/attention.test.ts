import { attention, type AttentionOptions, type WebGPUFusedBackend } from '../../../src/index';
import { wave } from '../../support/gradients';
import { check, same, tf, trace, useLazy } from './support';

type Shapes = readonly [q: number[], k: number[], v: number[]];

const run = ([q, k, v]: Shapes, options: () => AttentionOptions = () => ({})) =>
  attention(wave(q, 1), wave(k, 2), wave(v, 3), options());

describe('attention is one dispatch', () => {
  test.each<[string, Shapes]>([
    [
      'one of everything',
      [
        [1, 1, 1],
        [1, 1, 1],
        [1, 1, 1],
      ],
    ],
    [
      'rank 3',
      [
        [2, 5, 8],
        [2, 5, 8],
        [2, 5, 8],
      ],
    ],
    [
      'heads, odd sizes, cross, another width',
      [
        [2, 3, 5, 7],
        [2, 3, 9, 7],
        [2, 3, 9, 11],
      ],
    ],
    [
      'more queries than keys',
      [
        [1, 9, 4],
        [1, 3, 4],
        [1, 3, 4],
      ],
    ],
    [
      'keys for all heads',
      [
        [2, 4, 3, 8],
        [2, 1, 6, 8],
        [1, 1, 6, 8],
      ],
    ],
  ])('%s', async (_name, shapes) => {
    await check(() => run(shapes), 1);
    await check(() => run(shapes, () => ({ causal: true })), 1);
  });

  const crossed: Shapes = [
    [2, 3, 4, 8],
    [2, 3, 6, 8],
    [2, 3, 6, 8],
  ];
  test.each([[[]], [[6]], [[4, 1]], [[2, 1, 1, 6]], [[2, 3, 4, 6]]])(
    'with a mask %j, added or of bools',
    async (shape) => {
      await check(() => run(crossed, () => ({ mask: wave(shape, 4) })), 1);
      for (const causal of [false, true]) {
        await check(() => {
          const seen = Array.from(wave(shape, 4).dataSync(), (value) => value > -0.5);
          return run(crossed, () => ({ mask: tf.tensor(seen, shape, 'bool'), causal }));
        }, 1);
      }
    },
  );

  test('a decoder step over many keys, which GPUs divide', async () => {
    await useLazy();
    const { tilesAttention } = (tf.backend() as WebGPUFusedBackend).target;
    const shapes: Shapes = [
      [1, 2, 1, 16],
      [1, 2, 300, 16],
      [1, 2, 300, 16],
    ];
    await check(() => run(shapes), tilesAttention ? 2 : 1);
  });

  test('a scale', async () => {
    await check(() => run(crossed, () => ({ scale: 2.5 })), 1);
  });

  test('a mask of nested arrays', async () => {
    await check(
      () =>
        run(
          [
            [1, 2, 4],
            [1, 3, 4],
            [1, 3, 4],
          ],
          () => ({ mask: [[true, false, true]] }),
        ),
      1,
    );
  });

  test('−∞ hides keys; a query that sees none, by bools, is finite', async () => {
    const shapes: Shapes = [
      [1, 2, 4],
      [1, 3, 4],
      [1, 3, 4],
    ];
    await check(() => run(shapes, () => ({ mask: [[0, -Infinity, 0]] })), 1);
    await check(() => run(shapes, () => ({ mask: [[false], [true]] })), 1);
  });

  test('a NaN stays with its query, and counts for none where it is hidden', async () => {
    const q = () =>
      tf.tensor3d([
        [
          [NaN, 1],
          [2, 1],
        ],
      ]);
    await check(() => attention(q(), wave([1, 3, 2]), wave([1, 3, 2])), 1);
    const k = () =>
      tf.tensor3d([
        [
          [1, 2],
          [NaN, 0],
          [0, 1],
        ],
      ]);
    const mask = [true, false, true];
    await check(() => attention(wave([1, 2, 2]), k(), wave([1, 3, 2]), { mask }), 1);
  });
});

test('heads of more than 256 are products and a softmax', async () => {
  const shapes: Shapes = [
    [1, 3, 260],
    [1, 5, 260],
    [1, 5, 260],
  ];
  const { dispatches } = await check(() => run(shapes, () => ({ causal: true })), 3);
  expect(dispatches).toBe(3);
});

test('no queries, no keys, no width', async () => {
  await useLazy();
  const shapeOf = (...shapes: Shapes) => run(shapes).shape;
  expect(shapeOf([1, 0, 4], [1, 3, 4], [1, 3, 4])).toEqual([1, 0, 4]);
  expect(shapeOf([0, 2, 4], [0, 3, 4], [0, 3, 4])).toEqual([0, 2, 4]);
  expect(shapeOf([1, 2, 4], [1, 3, 4], [1, 3, 0])).toEqual([1, 2, 0]);
  expect([
    ...(await run([
      [1, 2, 4],
      [1, 0, 4],
      [1, 0, 2],
    ]).data()),
  ]).toEqual([0, 0, 0, 0]);
});

describe('gradients', () => {
  test.each<[string, () => AttentionOptions]>([
    ['plain', () => ({})],
    ['causal', () => ({ causal: true })],
    ['bool mask', () => ({ mask: [[true, true, false, true, true]] })],
    ['added mask', () => ({ mask: wave([4, 5], 4) })],
  ])('%s, as on cpu', async (_name, options) => {
    await same(
      () =>
        tf.grads((q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) =>
          tf.sum(tf.square(attention(q, k, v, options()))),
        )([wave([2, 3, 4, 6], 1), wave([2, 3, 5, 6], 2), wave([2, 1, 5, 6], 3)]),
      1e-4,
    );
  });

  test('in the forward pass the scores are not stored either', async () => {
    await useLazy();
    const [value, gradient] = tf.tidy(() => {
      const { value, grad } = tf.valueAndGrad((q: tf.Tensor) =>
        tf.sum(attention(q, wave([1, 5, 4], 2), wave([1, 5, 4], 3))),
      )(wave([1, 3, 4]));
      return [value, grad];
    });
    await value.data();
    expect(trace().groups.some(({ family }) => family === 'attention')).toBe(true);
    tf.dispose([value, gradient]);
  });
});

describe('errors say what to do', () => {
  const x = (...shape: number[]) => tf.zeros(shape);
  test.each<[string, () => unknown]>([
    ['q [2,3], k [2,3], v [2,3]; needs all of rank 3', () => attention(x(2, 3), x(2, 3), x(2, 3))],
    ['needs queries and keys of one depth', () => attention(x(1, 2, 3), x(1, 2, 4), x(1, 2, 4))],
    ['and a value for each key', () => attention(x(1, 2, 3), x(1, 2, 3), x(1, 4, 3))],
    ['needs keys and values with the batch', () => attention(x(4, 2, 3), x(2, 2, 3), x(4, 2, 3))],
    [
      'mask [3,3]; needs a shape that broadcasts to the scores [1,2,2]',
      () => attention(x(1, 2, 3), x(1, 2, 3), x(1, 2, 3), { mask: x(3, 3) }),
    ],
    [
      "mask of dtype int32; needs bool, true where a key is seen, or float32, added to the scores. Cast it: tf.cast(mask, 'bool')",
      () => attention(x(1, 2, 3), x(1, 2, 3), x(1, 2, 3), { mask: tf.ones([2, 2], 'int32') }),
    ],
    ['got undefined for k; needs a tensor', () => attention(x(1, 2, 3), undefined as never, x(1))],
    ['scale NaN', () => attention(x(1, 2, 3), x(1, 2, 3), x(1, 2, 3), { scale: NaN })],
  ])('%s', (message, attempt) => {
    expect(() => tf.tidy(() => void attempt())).toThrow(message);
  });
});
