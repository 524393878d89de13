import type { GraphBuilder } from '../../../src/ir/builder';
import { checkFused, labelsOf, TARGETS } from '../../support/differential';

interface Case {
  readonly name: string;
  readonly image: readonly [batch: number, height: number, width: number, channels: number];
  readonly size: readonly [number, number];
  readonly strides?: readonly [number, number];
  readonly pad?: readonly [top: number, bottom: number, left: number, right: number];
}

const cases: readonly Case[] = [
  { name: 'one pixel', image: [1, 1, 1, 1], size: [1, 1] },
  { name: '2×2, stride 2', image: [2, 8, 6, 4], size: [2, 2], strides: [2, 2] },
  { name: '2×2, stride 2, odd sizes', image: [1, 7, 5, 3], size: [2, 2], strides: [2, 2] },
  { name: '3×3, all overlap', image: [2, 7, 5, 3], size: [3, 3], pad: [1, 1, 1, 1] },
  {
    name: '3×3, stride 2',
    image: [1, 11, 13, 8],
    size: [3, 3],
    strides: [2, 2],
    pad: [1, 0, 0, 1],
  },
  { name: 'gaps between windows', image: [1, 10, 11, 8], size: [2, 1], strides: [3, 3] },
  { name: 'strides differ', image: [2, 6, 9, 4], size: [2, 3], strides: [1, 2] },
  { name: 'the window is the image', image: [1, 5, 7, 12], size: [5, 7] },
  { name: 'a wide window', image: [1, 2, 13, 4], size: [1, 9], pad: [0, 0, 4, 4] },
  { name: 'width 1', image: [3, 9, 1, 5], size: [3, 1], pad: [1, 1, 0, 0] },
];

const rows = cases.map((row) => [row.name, row] as const);

function attrsOf({ size, strides = [1, 1], pad = [0, 0, 0, 0] }: Case) {
  const [top, bottom, left, right] = pad;
  return { filterSize: size, strides, dilations: [1, 1], pad: { top, bottom, left, right } };
}

/** The gradient that comes back to the windows, which have `multiplier` results for each channel. */
function gradient(b: GraphBuilder, row: Case, multiplier = 1) {
  const { image, size, strides = [1, 1], pad = [0, 0, 0, 0] } = row;
  const plane = [0, 1].map((axis) => {
    const padded = image[axis + 1] + pad[2 * axis] + pad[2 * axis + 1];
    return Math.floor((padded - size[axis]) / strides[axis]) + 1;
  });
  return b.input({ shape: [image[0], ...plane, image[3] * multiplier], dtype: 'float32' });
}

test.each(rows)('positions of maxima: %s', async (_name, row) => {
  const plan = await checkFused(
    (b) => [
      ...b.ops('MaxPoolPositions', [b.input({ shape: row.image, dtype: 'float32' })], attrsOf(row)),
    ],
    { tolerance: 'exact', targets: TARGETS },
  );
  expect(labelsOf(plan)).toEqual(['MaxPoolPositions']);
});

test.each(rows)('a pool and the positions of its maxima are one kernel: %s', async (_name, row) => {
  const plan = await checkFused(
    (b) => {
      const x = b.op('Neg', [b.input({ shape: row.image, dtype: 'float32' })]);
      const maximum = b.op('MaxPool', [x], attrsOf(row));
      return [b.op('Relu', [maximum]), b.ops('MaxPoolPositions', [x], attrsOf(row))[1]];
    },
    { tolerance: 'arithmetic', targets: TARGETS },
  );
  expect(labelsOf(plan)).toEqual(['Neg → MaxPoolPositions → Relu']);
});

test.each(rows)('of a max pool: %s', async (_name, row) => {
  const plan = await checkFused(
    (b) => {
      const [, positions] = b.ops('MaxPoolPositions', [b.input({ shape: row.image, dtype: 'float32' })], attrsOf(row)); // prettier-ignore
      const dy = b.op('Neg', [gradient(b, row)]);
      const dx = b.op('MaxPoolGrad', [dy, positions], attrsOf(row), [], row.image);
      return b.op('Relu', [dx]);
    },
    { tolerance: 'arithmetic', targets: TARGETS },
  );
  expect(labelsOf(plan)).toEqual(['MaxPoolPositions', 'Neg → MaxPoolGrad → Relu']);
});

test.each(rows)('of an average pool: %s', async (_name, row) => {
  const plan = await checkFused(
    (b) => b.op('Relu', [b.op('AvgPoolGrad', [gradient(b, row)], attrsOf(row), [], row.image)]),
    { tolerance: 'arithmetic', targets: TARGETS },
  );
  expect(labelsOf(plan)).toEqual(['AvgPoolGrad → Relu']);
});

describe.each([1, 2])('of a depthwise convolution with %d results a channel', (multiplier) => {
  test.each(rows)('%s', async (_name, row) => {
    const kernel = 'DepthwiseConv2dNativeBackpropInput';
    const plan = await checkFused(
      (b) => {
        const shape = [...row.size, row.image[3], multiplier];
        const operands = [gradient(b, row, multiplier), b.input({ shape, dtype: 'float32' })];
        const { strides, dilations, pad } = attrsOf(row);
        return b.op('Relu', [b.op(kernel, operands, { strides, dilations, pad }, [], row.image)]);
      },
      { tolerance: 'arithmetic', targets: TARGETS },
    );
    expect(labelsOf(plan)).toEqual([`${kernel} → Relu`]);
  });

  test('with dilations', async () => {
    await checkFused(
      (b) => {
        const attrs = {
          ...{ strides: [1, 1], dilations: [2, 3] },
          pad: { top: 2, bottom: 2, left: 3, right: 3 },
        };
        const dy = b.input({ shape: [2, 7, 9, 4 * multiplier], dtype: 'float32' });
        const filter = b.input({ shape: [3, 3, 4, multiplier], dtype: 'float32' });
        const kernel = 'DepthwiseConv2dNativeBackpropInput';
        return b.op(kernel, [dy, filter], attrs, [], [2, 7, 9, 4]);
      },
      { tolerance: 'arithmetic', targets: TARGETS },
    );
  });
});
