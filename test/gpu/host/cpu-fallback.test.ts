/** What shaders cannot do runs on `cpu`: strings, and kernels that WebGPU lacks. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as fused from '../../../src/index';
import { useBackend } from '../../support/gpu';
import { listLoop } from '../../unit/graph-model/support/list-loop';

const WORDS = ['fusion', 'of', 'kernels', '', 'größer', 'of'];
const words = (count: number): tf.Tensor1D =>
  tf.tensor1d(Array.from({ length: count }, (_, i) => WORDS[i % WORDS.length]));
const ints = (values: number[]): tf.Tensor1D => tf.tensor1d(values, 'int32');

/** More than stock computes on the host. */
const MANY = 3000;
const everyThird = (): tf.Tensor1D => tf.range(0, MANY, 3, 'int32');

const cases: Record<string, () => tf.TensorContainer> = {
  GatherNd: () => tf.gatherND(words(6), tf.reshape(ints([5, 0, 2]), [3, 1])),
  'GatherNd of many': () => tf.gatherND(words(MANY), tf.reshape(everyThird(), [-1, 1])),
  'StridedSlice of many': () => tf.stridedSlice(words(MANY), [1], [MANY], [7]),
  Concat: () => tf.concat([words(6), words(3)]),
  Pack: () => tf.stack([words(6), words(6)], 1),
  Tile: () => tf.tile(words(6), [2]),
  NotEqual: () => tf.notEqual(words(6), words(1)),
  StringNGrams: () => tf.string.stringNGrams(words(6), ints([0, 4, 6]), ' ', [1, 2], '', '', 0, false), // prettier-ignore
  StringSplit: () => tf.string.stringSplit(tf.tensor1d(['a b', 'c']), tf.scalar(' ')),
  StringToHashBucketFast: () => tf.string.stringToHashBucketFast(words(6), 5000),
  StaticRegexReplace: () => tf.string.staticRegexReplace(words(6), '[aeiou]', '*'),
  SparseFillEmptyRows: () =>
    tf.sparse.sparseFillEmptyRows(
      tf.tensor2d([[0, 0], [2, 1]], [2, 2], 'int32'), // prettier-ignore
      tf.tensor1d([7, 9]),
      ints([4, 2]),
      tf.scalar(-1),
    ),
  SparseReshape: () =>
    tf.sparse.sparseReshape(
      tf.tensor2d([[0, 1], [2, 0]], [2, 2], 'int32'), // prettier-ignore
      ints([3, 2]),
      ints([2, -1]),
    ),
  Unique: () => tf.unique(tf.add(tf.tensor1d([3, 1, 3, 2, 1]), 1)),
  'Slice of what StridedSlice left of nothing': () =>
    tf.slice(tf.stridedSlice(tf.sqrt(tf.tensor1d([4])), [1], [1], [1]), [0], [0]),
  RaggedGather: () =>
    tf.engine().runKernel<tf.Tensor[]>('RaggedGather', {
      paramsNestedSplits: [ints([0, 3, 3, 5])] as never,
      paramsDenseValues: tf.mul(tf.tensor1d([1, 2, 3, 4, 5]), 2),
      indices: ints([2, 0]),
    }, { outputRaggedRank: 1 }), // prettier-ignore
};

async function valuesOf(name: string): Promise<unknown> {
  const results = tf.tidy(cases[name]);
  const tensors = Object.entries(results instanceof tf.Tensor ? { results } : (results as object));
  const values = await Promise.all(
    tensors.map(async ([key, tensor]: [string, tf.Tensor]) => {
      return [key, tensor.dtype, tensor.shape, [...(await tensor.data())]];
    }),
  );
  tf.dispose(results);
  return values;
}

test.each(Object.keys(cases))('%s', async (name) => {
  await useBackend(tf, 'cpu');
  const expected = await valuesOf(name);
  await useBackend(tf, fused.BACKEND_NAME);
  const { numTensors, numDataBuffers } = tf.memory();
  expect(await valuesOf(name)).toEqual(expected);
  expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
});

test('a model whose loop keeps tensors in a list', async () => {
  await useBackend(tf, fused.BACKEND_NAME);
  const model = listLoop({ fusible: true }).load();
  const x = tf.tensor1d([1, -2, 0.5]);
  const count = tf.scalar(4, 'int32');
  for (let call = 0; call < 4; call++) {
    const before = tf.memory();
    const y = (await model.executeAsync({ x, count }, 'y')) as tf.Tensor2D;
    expect(await y.array()).toEqual([0, 1, 2, 3].map((row) => [-1 - row, -4 - row, -0.25 - row]));
    y.dispose();
    const { numTensors, numDataBuffers } = before;
    if (call > 0) expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
  }
  model.dispose();
});

describe('what stock gets wrong is read back only where there is no other way', () => {
  const truths = (): tf.Tensor => tf.greater(tf.tensor2d([3, -1, 2, 5], [2, 2]), 1);
  const stays: Record<string, () => tf.Tensor> = {
    'concatenation with nothing': () =>
      tf.concat([tf.zeros([0, 2]), tf.add(tf.ones([2, 2]), 1), tf.zeros([0, 2])]),
    'bitwise and': () =>
      tf
        .engine()
        .runKernel('BitwiseAnd', { a: tf.add(ints([6, 5]), ints([0, 0])), b: ints([3, 4]) }),
    'scattered truth values': () => tf.scatterND(tf.tensor2d([3, 1], [2, 1], 'int32'), truths(), [5, 2]), // prettier-ignore
    'sparse truth values': () =>
      tf.sparseToDense(ints([3, 1]), tf.reshape(tf.slice(truths(), [0, 0], [1, 2]), [2]), [5], tf.scalar(true)), // prettier-ignore
    'one transformation of several images': () => {
      const shift = (x: tf.Tensor): tf.Tensor =>
        tf.image.transform(x as tf.Tensor4D, tf.tensor2d([[1, 0, 1, 0, 1, -1, 0, 0]]), 'nearest');
      const images = tf.reshape(tf.range(1, 49), [2, 4, 6, 1]);
      // `cpu` answers once the first image is done.
      return tf.getBackend() === 'cpu' ? tf.concat(tf.split(images, 2).map(shift)) : shift(images);
    },
  };

  test.each(Object.keys(stays))('%s', async (name) => {
    tf.env().set('WEBGPU_CPU_FORWARD', false);
    tf.env().set('WEBGPU_FUSED_LAZY', false);
    try {
      await useBackend(tf, 'cpu');
      const expected = [...(await tf.tidy(stays[name]).data())];
      await useBackend(tf, fused.BACKEND_NAME);
      const read = jest.spyOn(tf.backend(), 'readSync');
      const { numTensors, numDataBuffers } = tf.memory();
      const y = tf.tidy(stays[name]);
      const reads = read.mock.calls.length;
      read.mockRestore();
      expect(reads).toBe(0);
      expect([...(await y.data())]).toEqual(expected);
      y.dispose();
      expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
    } finally {
      tf.env().set('WEBGPU_FUSED_LAZY', true);
    }
  });
});
