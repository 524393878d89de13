/** Scatters by indices that are computed: fused with what stands around them, as `cpu` answers, always the same. */
import { lastTrace } from '../../../src/index';
import { compare, resident, tf, trace } from './support';

const CPU = { reference: 'cpu', tolerance: 1e-6 } as const;

/** Indices that are computed, and stay on the device. */
function places(values: number[], shape: number[]): tf.Tensor {
  const indices = tf.tensor(values, shape, 'int32');
  return tf.add(tf.mul(indices, tf.scalar(1, 'int32')), tf.scalar(0, 'int32'));
}

const ints = (values: number[], shape: number[]) => tf.tensor(values, shape, 'int32');
const LARGE = [16777217, -16777217, 2147483647, -2147483648, 3, 16777219];

describe('scatterND adds what meets', () => {
  test.each<[string, () => tf.Tensor]>([
    ['rows', () => tf.scatterND(places([4, 0, 2], [3, 1]), resident([3, 5], 1), [7, 5])],
    [
      'rows that meet',
      () => tf.scatterND(places([4, 4, 0, 4], [4, 1]), resident([4, 3], 1), [6, 3]),
    ],
    ['elements', () => tf.scatterND(places([1, 2, 0, 0, 1, 2], [3, 2]), resident([3], 1), [3, 4])],
    [
      'a matrix of indices',
      () => tf.scatterND(places([1, 0, 1, 3], [2, 2, 1]), resident([2, 2, 3], 1), [5, 3]),
    ],
    ['one element', () => tf.scatterND(places([0], [1, 1]), resident([1], 1), [1])],
    [
      'integers above 2^24',
      () => tf.scatterND(places([1, 0, 1, 2, 2, 4], [6, 1]), ints(LARGE, [6]), [5]),
    ],
    [
      'NaN and infinities, which stay in their rows',
      () =>
        tf.scatterND(places([3, 1, 1, 0], [4, 1]), tf.tensor1d([NaN, Infinity, 1, -Infinity]), [5]),
    ],
  ])('%s', async (_name, program) => {
    await compare(() => tf.add(program(), 1), CPU);
    expect(trace().left).toEqual([]);
  });
});

describe('the last of those that meet stays', () => {
  test.each<[string, () => tf.Tensor]>([
    [
      'tensorScatterUpdate',
      () =>
        tf.tensorScatterUpdate(resident([7, 3], 1), places([5, 0, 5], [3, 1]), resident([3, 3], 2)),
    ],
    [
      'of integers above 2^24',
      () =>
        tf.tensorScatterUpdate(
          ints([9, 8, 7, 6, 5], [5]),
          places([1, 1, 4, 0, 4, 2], [6, 1]),
          ints(LARGE, [6]),
        ),
    ],
    ['sparseToDense', () => tf.sparseToDense(places([4, 0, 2], [3]), resident([3], 1), [7], 0.5)],
    [
      'of an axis each',
      () => tf.sparseToDense(places([1, 2, 0, 0, 1, 2], [3, 2]), resident([3], 1), [3, 4], -1),
    ],
    [
      'of one value for all',
      () => tf.sparseToDense(places([4, 0, 2], [3, 1]), tf.scalar(3), [7], 0),
    ],
    [
      'of NaN',
      () => tf.sparseToDense(places([4, 4, 2], [3, 1]), tf.tensor1d([NaN, 1, NaN]), [5], Infinity),
    ],
    [
      'of truth values',
      () =>
        tf.sparseToDense(
          places([4, 0], [2, 1]),
          tf.tensor1d([1, 1], 'bool'),
          [5],
          tf.scalar(0, 'bool'),
        ),
    ],
  ])('%s', async (_name, program) => {
    await compare(() => tf.cast(tf.cast(program(), 'float32'), 'float32'), CPU);
    expect(trace().left).toEqual([]);
  });
});

describe('unsortedSegmentSum', () => {
  test.each<[string, number[], number[], number]>([
    ['rows', [7, 3], [2, 0, 0, 5, 2, 1, 1], 6],
    ['elements', [5], [1, 1, 1, 1, 1], 3],
    ['of no segment', [4, 2], [-1, 0, 9, 1], 2],
    ['one segment', [3, 2, 2], [0, 0, 0], 1],
  ])('%s', async (_name, shape, ids, segments) => {
    const indices = () => places(ids, [ids.length]) as tf.Tensor1D;
    await compare(() => tf.unsortedSegmentSum(resident(shape, 1), indices(), segments), CPU);
    expect(trace().left).toEqual([]);
  });

  test('its gradient, and that of a gather', async () => {
    await compare(() => {
      const f = (x: tf.Tensor): tf.Tensor =>
        tf.sum(tf.square(tf.gather(x, places([3, 3, 1], [3]))));
      return tf.grad(f)(resident([5, 4], 1));
    }, CPU);
    expect(trace().left).toEqual([]);
  });
});

test('too many questions are left to stock', async () => {
  await compare(() => {
    const at = Array.from({ length: 3000 }, (_, i) => (i * 7) % 5000);
    return tf.add(tf.scatterND(places(at, [3000, 1]), resident([3000, 4], 1), [5000, 4]), 1);
  }, CPU);
  const left = (lastTrace()?.flushes ?? []).flatMap((flush) => flush.left);
  expect(left.map(({ kernel }) => kernel)).toContain('ScatterNd');
});
