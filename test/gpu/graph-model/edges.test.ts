/** Graph models and eager code at the edges of what tfjs accepts: its answers, or its errors, at once. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { GraphModel } from '@tensorflow/tfjs-converter';
import '../../../src/index';
import { useBackend } from '../../support/gpu';
import { attr, TestGraph, wave, type Attrs } from '../../unit/graph-model/support/test-graph';

/** A model of one node on a fed `x` and constants, with something after it to fuse. */
function modelOf(
  op: string,
  rank: number,
  constants: readonly tf.Tensor[],
  attrs?: Attrs,
  order?: number[],
) {
  const graph = new TestGraph();
  const x = graph.placeholder('x', 'float32', new Array<number>(rank).fill(-1));
  const operands = [
    x,
    ...constants.map((value) =>
      graph.constant(Array.from(value.dataSync()), value.shape, value.dtype as 'float32' | 'int32'),
    ),
  ];
  graph.node('y', op, order ? order.map((at) => operands[at]) : operands, attrs);
  graph.node('out', 'Mul', ['y', graph.constant(2)]);
  return graph.load();
}

/** What an execution gives: values and shape, or an error. */
async function outcomeOf(run: () => tf.Tensor) {
  try {
    const y = run();
    return { shape: y.shape, values: Array.from(await y.data()) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

async function compare(
  reference: 'cpu' | 'webgpu',
  make: () => { model: GraphModel; x: () => tf.Tensor },
) {
  await useBackend(tf, 'cpu');
  const { model, x } = make();
  await useBackend(tf, reference);
  const expected = await outcomeOf(() => model.execute({ x: x() }, 'out') as tf.Tensor);
  await useBackend(tf, 'webgpu-fused');
  for (let call = 0; call < 3; call++) {
    const actual = await outcomeOf(() => model.execute({ x: x() }, 'out') as tf.Tensor);
    // The runtime's own words for an infinite buffer help nobody.
    if (expected.error?.startsWith('no overload')) {
      expect(actual.error).toMatch(/got a tensor .*Infinity.*; needs dimensions/);
    } else {
      expect(actual).toEqual(expected);
    }
  }
  // The backend lives on.
  const next = tf.add(tf.tensor1d([1, 2]), 1);
  expect(Array.from(await next.data())).toEqual([2, 3]);
}

const ints = (...values: number[]) => tf.tensor1d(values, 'int32');
const image = (...shape: number[]) => tf.tensor(wave(tf.util.sizeFromShape(shape), 0.3), shape);
const window = (stride: number, dilation = 1): Attrs => ({
  strides: attr.ints([1, stride, stride, 1]),
  dilations: attr.ints([1, dilation, dilation, 1]),
  padding: attr.s('SAME'),
});
const pool = (stride: number) => ({ ...window(stride), ksize: attr.ints([1, 2, 2, 1]) });

type Case = [name: string, op: string, constants: () => tf.Tensor[], attrs: Attrs, shape: number[]];

/** What tfjs refuses, or answers in a way of its own. */
const odd: Case[] = [
  ['a sum over axes [1, 1]', 'Sum', () => [ints(1, 1)], {}, [2, 6]],
  ['a slice of size −2', 'Slice', () => [ints(0, 0), ints(1, -2)], {}, [2, 6]],
  ['a convolution of stride 0', 'Conv2D', () => [image(3, 3, 4, 4)], window(0), [1, 8, 8, 4]],
  ['a convolution of dilation 0', 'Conv2D', () => [image(3, 3, 4, 4)], window(1, 0), [1, 8, 8, 4]],
  [
    'a depthwise convolution of stride 0',
    'DepthwiseConv2dNative',
    () => [image(3, 3, 4, 1)],
    window(0),
    [1, 8, 8, 4],
  ],
  ['a maximum of stride 0', 'MaxPool', () => [], pool(0), [1, 8, 8, 4]],
  ['an average of stride 0', 'AvgPool', () => [], pool(0), [1, 8, 8, 4]],
];

/** Nothing: `cpu` knows what becomes of it, stock does not always. */
const empty: Case[] = [
  ['a convolution', 'Conv2D', () => [image(3, 3, 4, 4)], window(1), [0, 8, 8, 4]],
  [
    'a depthwise convolution',
    'DepthwiseConv2dNative',
    () => [image(3, 3, 4, 2)],
    window(2),
    [0, 8, 8, 4],
  ],
  ['a pool', 'MaxPool', () => [], pool(1), [0, 8, 8, 4]],
  ...['Sum', 'Max', 'Min', 'Prod', 'Mean'].map((op): Case => [
    `${op} of no rows`,
    op,
    () => [ints(0)],
    {},
    [0, 6],
  ]),
  ['Sum of no columns', 'Sum', () => [ints(1)], {}, [3, 0]],
  ['a softmax', 'Softmax', () => [], {}, [0, 6]],
  ['a product of no rows', 'MatMul', () => [image(6, 3)], {}, [0, 6]],
  ['a product over nothing', 'MatMul', () => [image(0, 3)], {}, [2, 0]],
  ['a relu', 'Relu', () => [], {}, [0, 6]],
  [
    'padding',
    'PadV2',
    () => [tf.tensor2d([1, 1, 0, 0], [2, 2], 'int32'), tf.scalar(7)],
    {},
    [0, 2],
  ],
];

const run = (reference: 'cpu' | 'webgpu', [, op, constants, attrs, shape]: Case) =>
  compare(reference, () => ({
    model: modelOf(op, shape.length, constants(), attrs),
    x: () => image(...shape),
  }));

describe('as stock', () => {
  test.each(odd.map((row) => [row[0], row] as const))('%s', (_name, row) => run('webgpu', row));

  test('a split that does not divide', () =>
    compare('webgpu', () => ({
      model: modelOf('Split', 2, [tf.scalar(0, 'int32')], { num_split: attr.i(3) }, [1, 0]),
      x: () => image(4, 5),
    })));
});

describe('of no elements, as cpu', () => {
  test.each(empty.map((row) => [row[0], row] as const))('%s', (_name, row) => run('cpu', row));
});

describe('indices outside pick zeros', () => {
  const rows = [
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9],
    [10, 11, 12],
    [13, 14, 15],
  ];
  const zero = [0, 0, 0];
  const picked = [rows[0].map((x) => 2 * x), rows[4].map((x) => 2 * x), zero, zero, zero];

  test('in a model, of constants and of what is computed', async () => {
    const graph = new TestGraph();
    const x = graph.placeholder('x', 'float32', [-1, 3]);
    const at = graph.placeholder('at', 'int32', [-1]);
    const axis = graph.ints(0);
    graph.node('fixed', 'GatherV2', [x, graph.ints([0, 4, 5, -1, 100]), axis]);
    graph.node('y', 'Mul', ['fixed', graph.constant(2)]);
    graph.node('open', 'GatherV2', [x, at, axis]);
    graph.node('z', 'Mul', ['open', graph.constant(2)]);
    const model = graph.load();
    await useBackend(tf, 'webgpu-fused');
    const fed = { x: tf.tensor2d(rows), at: tf.tensor1d([0, 4, 5, -1, 100], 'int32') };
    const results = model.execute(fed, ['y', 'z']) as tf.Tensor[];
    for (const result of results) expect(await result.array()).toEqual(picked);
  });

  test('in eager code, along each axis, with batch dimensions', async () => {
    await useBackend(tf, 'webgpu-fused');
    tf.env().set('WEBGPU_FUSED_LAZY', true);
    // Of so few elements stock would take tfjs's cpu kernel, which counts them through all rows.
    tf.env().set('WEBGPU_CPU_FORWARD', false);
    for (let run = 0; run < 3; run++) {
      const x = tf.tensor2d(rows);
      const at = tf.tensor1d([0, 4, 5, -1, 100], 'int32');
      expect(await tf.mul(tf.gather(x, at), 2).array()).toEqual(picked);
      const columns = tf.gather(x, tf.tensor1d([-1, 2, 3], 'int32'), 1);
      expect(await tf.add(columns, 1).array()).toEqual(rows.map((row) => [1, row[2] + 1, 1]));
      const each = tf.tensor2d(
        [
          [0, 3],
          [2, -1],
          [1, 9],
          [2, 2],
          [5, 0],
        ],
        [5, 2],
        'int32',
      );
      expect(await tf.neg(tf.gather(x, each, 1, 1)).array()).toEqual([
        [-1, -0],
        [-6, -0],
        [-8, -0],
        [-12, -12],
        [-0, -13],
      ]);
    }
  });
});
