/** Kernels that eager code has a form for since graphs and eager code share one. */
import { compare, expectClose, resident, tf, trace, useLazy } from './support';

const image = () => resident([2, 5, 6, 4], 1) as tf.Tensor4D;
const channelsFirst = () => resident([2, 4, 5, 6], 1) as tf.Tensor4D;
const indices = (values: number[][]) => tf.tensor2d(values, undefined, 'int32');

/** Each is one dispatch, with what stands before and after it. */
test.each<[string, () => tf.Tensor]>([
  ['einsum', () => tf.einsum('bqd,bkd->bqk', resident([1, 17, 9], 1), resident([1, 13, 9], 2))],
  ['einsum of one operand', () => tf.einsum('ijk->kj', resident([3, 4, 5], 1))],
  [
    'gatherND',
    () =>
      tf.gatherND(
        resident([3, 4, 2], 1),
        indices([
          [2, 3],
          [0, 1],
        ]),
      ),
  ],
  [
    'spaceToBatchND',
    () =>
      tf.spaceToBatchND(
        image(),
        [2, 3],
        [
          [0, 1],
          [1, 2],
        ],
      ),
  ],
  [
    'batchToSpaceND',
    () =>
      tf.batchToSpaceND(
        resident([6, 2, 3, 4], 1),
        [2, 3],
        [
          [0, 1],
          [1, 0],
        ],
      ),
  ],
  ['diag', () => tf.diag(resident([3, 5], 1))],
  // Stock's key forgets the length of the axis: it answers for another one, in the order of calls.
  ['topk', () => tf.topk(resident([3, 7], 1), 4).indices],
  ['cumsum', () => tf.cumsum(resident([3, 7], 1), 1)],
  ['cumsum, backwards', () => tf.cumsum(resident([3, 9], 1), 1, false, true)],
  ['cumsum, backwards, of a longer axis', () => tf.cumsum(resident([3, 12], 1), 1, true, true)],
  ['cumprod of bools', () => tf.cumprod(tf.greater(resident([5, 4], 1), -0.5), 0)],
  ['flipLeftRight', () => tf.image.flipLeftRight(image())],
  ['avgPool of all of an image', () => tf.avgPool(image(), [5, 6], 1, 'valid')],
  // tfjs hands a kernel what it was called with: a number is of the first axis.
  ['part of a vector, by numbers', () => tf.slice(resident([7], 1), 2, 3)],
  ['part of the first axis', () => tf.slice(resident([5, 3, 2], 1), 1, 2)],
  ['all from a row on', () => tf.slice(resident([5, 3], 1), 2)],
  ['all from two places on', () => tf.slice(resident([5, 3, 4], 1), [1, 2])],
  ['reverse of one axis', () => tf.reverse(resident([3, 5], 1), 1)],
  ['reverse of all', () => tf.reverse(resident([3, 5], 1))],
  [
    'a slice with strides that drops an axis',
    () => tf.stridedSlice(resident([4, 7, 3], 1), [0, 0, 1], [4, 7, 2], [1, 2, 1], 0, 0, 0, 0, 4),
  ],
])('%s', async (name, program) => {
  const reference = name.startsWith('a slice with') ? undefined : 'cpu';
  const whole = () => tf.relu(program());
  if (reference) {
    await compare(whole, { reference });
    expect(trace().dispatches).toBe(1);
    return;
  }
  // numpy's elements, which neither `cpu` nor stock `webgpu` has.
  await useLazy();
  const [x, y] = tf.tidy(() => [resident([4, 7, 3], 1), whole()]);
  const [all, taken] = [await x.data(), await y.data()];
  expect(y.shape).toEqual([4, 4]);
  expectClose(
    Array.from(taken),
    Array.from({ length: 16 }, (_, i) => Math.max(0, all[(i >> 2) * 21 + (i % 4) * 2 * 3 + 1])),
  );
});

test.each([
  [
    'conv2d',
    () => tf.conv2d(channelsFirst(), resident([3, 2, 4, 5], 2) as tf.Tensor4D, 2, 'same', 'NCHW'),
  ],
  [
    'conv2d, explicit padding',
    () =>
      tf.conv2d(
        channelsFirst(),
        resident([3, 2, 4, 5], 2) as tf.Tensor4D,
        1,
        [
          [0, 0],
          [0, 0],
          [1, 0],
          [2, 1],
        ],
        'NCHW',
      ),
  ],
  [
    'depthwiseConv2d',
    () =>
      tf.depthwiseConv2d(
        channelsFirst(),
        resident([3, 3, 4, 2], 2) as tf.Tensor4D,
        1,
        'valid',
        'NCHW',
      ),
  ],
  [
    'fused conv2d',
    () =>
      tf.fused.conv2d({
        ...{
          x: channelsFirst(),
          filter: resident([1, 1, 4, 5], 2) as tf.Tensor4D,
          strides: 1,
          pad: 'same',
        },
        ...{ dataFormat: 'NCHW', bias: resident([5], 3), activation: 'relu6' },
      }),
  ],
] as const)('channels first: %s', async (_name, program) => {
  await compare(program);
  expect(trace().left).toEqual([]);
});

test('a kernel that WebGPU lacks waits like others', async () => {
  await compare(
    () => {
      const [a, b] = [1, 2].map((seed) => tf.cast(tf.mul(resident([40], seed), 1000), 'int32'));
      return tf.add(tf.bitwiseAnd(a, b), 1);
    },
    { reference: 'cpu' },
  );
  expect(trace().kernels).toContain('BitwiseAnd');
  expect(trace().dispatches).toBe(1);
});

test('sizes that tfjs rounds up, or takes for a square, are left to it', async () => {
  await compare(() => tf.maxPool(image(), 2, 3, 0, 'ceil'));
  await compare(() => tf.avgPool(image(), [2, 3], 1, 0), { reference: 'cpu' });
});
