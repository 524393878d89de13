import { checkFused, labelsOf, TARGETS } from '../../support/differential';

interface Case {
  readonly name: string;
  readonly x: readonly [batch: number, height: number, width: number, channels: number];
  readonly filter: readonly [height: number, width: number, last: number];
  readonly strides?: readonly [number, number];
  readonly dilations?: readonly [number, number];
  readonly pad?: readonly [top: number, bottom: number, left: number, right: number];
}

const attrsOf = ({ strides = [1, 1], dilations = [1, 1], pad = [0, 0, 0, 0] }: Case) => {
  const [top, bottom, left, right] = pad;
  return { strides, dilations, pad: { top, bottom, left, right } };
};

const conv2d: readonly Case[] = [
  { name: 'one pixel', x: [1, 1, 1, 1], filter: [1, 1, 1] },
  { name: 'pointwise, multiples of 4', x: [1, 5, 6, 8], filter: [1, 1, 12] },
  { name: 'pointwise, primes', x: [2, 3, 5, 7], filter: [1, 1, 5] },
  { name: '3×3, same', x: [1, 8, 8, 3], filter: [3, 3, 8], pad: [1, 1, 1, 1] },
  { name: '3×3, stride 2', x: [2, 9, 7, 4], filter: [3, 3, 8], strides: [2, 2], pad: [1, 1, 1, 1] },
  { name: 'stride 3, no padding', x: [1, 11, 10, 3], filter: [2, 2, 4], strides: [3, 3] },
  { name: 'strides differ', x: [1, 7, 9, 2], filter: [3, 1, 4], strides: [1, 2] },
  { name: 'asymmetric pad', x: [1, 5, 4, 4], filter: [3, 3, 4], pad: [0, 2, 3, 1] },
  { name: 'dilation', x: [1, 9, 9, 4], filter: [3, 3, 6], dilations: [2, 3], pad: [2, 2, 3, 3] },
  { name: 'pad beyond the window', x: [1, 3, 3, 4], filter: [2, 2, 4], pad: [3, 3, 3, 3] },
  { name: 'the window is the image', x: [3, 4, 5, 8], filter: [4, 5, 7] },
  { name: 'one row', x: [1, 1, 13, 4], filter: [1, 5, 4], pad: [0, 0, 2, 2] },
  { name: 'many channels out', x: [1, 3, 3, 2], filter: [1, 1, 66] },
  {
    name: '7×7, stride 2',
    x: [1, 17, 13, 3],
    filter: [7, 7, 40],
    strides: [2, 2],
    pad: [2, 3, 2, 3],
  },
  { name: 'a long row of taps', x: [2, 2, 20, 3], filter: [1, 11, 12], pad: [0, 0, 5, 5] },
  { name: 'seven channels, 36 out', x: [1, 6, 7, 7], filter: [3, 2, 36], pad: [1, 1, 1, 0] },
  {
    name: 'four channels, dilated',
    x: [2, 7, 9, 4],
    filter: [2, 3, 8],
    dilations: [3, 2],
    pad: [1, 2, 2, 2],
  },
  { name: 'two channels to three', x: [1, 9, 6, 2], filter: [3, 3, 3], pad: [1, 1, 1, 1] },
];

describe('Conv2D', () => {
  test.each(conv2d.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
    const [height, width, channels] = row.filter;
    const plan = await checkFused(
      (b) => {
        const x = b.input({ shape: row.x, dtype: 'float32' });
        const filter = b.input({ shape: [height, width, row.x[3], channels], dtype: 'float32' });
        return b.op('Conv2D', [x, filter], attrsOf(row));
      },
      { targets: TARGETS },
    );
    expect(labelsOf(plan)).toEqual(['Conv2D']);
  });

  test('real numbers', () =>
    checkFused(
      (b) => {
        const x = b.input({ shape: [1, 6, 6, 32], dtype: 'float32' });
        const filter = b.input({ shape: [3, 3, 32, 8], dtype: 'float32' });
        const pad = { top: 1, bottom: 1, left: 1, right: 1 };
        return b.op('Conv2D', [x, filter], { strides: [1, 1], dilations: [1, 1], pad });
      },
      { tolerance: 'summation' },
    ));
});

const depthwise: readonly Case[] = [
  { name: 'one pixel', x: [1, 1, 1, 1], filter: [1, 1, 1] },
  { name: '3×3, same', x: [1, 8, 8, 8], filter: [3, 3, 1], pad: [1, 1, 1, 1] },
  { name: 'three channels', x: [2, 5, 7, 3], filter: [3, 3, 1], pad: [1, 1, 1, 1] },
  { name: 'stride 2', x: [1, 9, 9, 4], filter: [3, 3, 1], strides: [2, 2], pad: [0, 1, 0, 1] },
  { name: 'strides differ', x: [1, 9, 7, 4], filter: [3, 3, 1], strides: [3, 1] },
  { name: 'dilation', x: [1, 9, 8, 4], filter: [3, 3, 1], dilations: [2, 2], pad: [2, 2, 2, 2] },
  { name: 'asymmetric pad', x: [1, 4, 5, 4], filter: [2, 3, 1], pad: [0, 3, 2, 0] },
  { name: 'multiplier 2', x: [1, 5, 5, 4], filter: [3, 3, 2], pad: [1, 1, 1, 1] },
  { name: 'multiplier 2 of three channels', x: [1, 4, 5, 3], filter: [3, 3, 2] },
  { name: 'multiplier 4', x: [1, 5, 5, 2], filter: [2, 2, 4] },
  { name: 'a wide window', x: [1, 3, 12, 4], filter: [1, 9, 1], pad: [0, 0, 4, 4] },
  { name: 'width 1', x: [2, 6, 1, 4], filter: [3, 1, 1], pad: [1, 1, 0, 0] },
];

describe('DepthwiseConv2dNative', () => {
  test.each(depthwise.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
    const [height, width, multiplier] = row.filter;
    const plan = await checkFused(
      (b) => {
        const x = b.input({ shape: row.x, dtype: 'float32' });
        const filter = b.input({ shape: [height, width, row.x[3], multiplier], dtype: 'float32' });
        return b.op('DepthwiseConv2dNative', [x, filter], attrsOf(row));
      },
      { targets: TARGETS },
    );
    expect(labelsOf(plan)).toEqual(['DepthwiseConv2dNative']);
  });
});
