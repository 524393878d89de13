/**
 * Taps of a window that are outside of the image count for nothing, whatever their weights are: for
 * `cpu` they do not exist, while a kernel that takes the image for 0 there multiplies, and 0 times a
 * weight that is NaN or infinite is NaN.
 */
import type { GraphBuilder } from '../../../src/ir/builder';
import type { Shape, Value } from '../../../src/ir/graph';
import { sizeOf } from '../../../src/ir/graph';
import { checkFused, labelsOf, TARGETS } from '../../support/differential';
import { exhaustively } from '../../support/exhaustively';

interface Case {
  readonly x: readonly [batch: number, height: number, width: number, channels: number];
  readonly filter: readonly [height: number, width: number, last: number];
  readonly strides?: readonly [number, number];
  readonly dilations?: readonly [number, number];
  readonly pad: readonly [top: number, bottom: number, left: number, right: number];
}

const cases: Readonly<Record<string, Case>> = {
  '3×3, two images': { x: [2, 5, 7, 5], filter: [3, 3, 9], pad: [1, 1, 1, 1] },
  '3×3, whole vectors': { x: [1, 6, 6, 8], filter: [3, 3, 8], pad: [1, 1, 1, 1] },
  strided: { x: [1, 9, 8, 8], filter: [3, 3, 12], strides: [2, 3], pad: [1, 1, 0, 1] },
  dilated: { x: [1, 7, 6, 8], filter: [3, 2, 12], dilations: [2, 4], pad: [2, 2, 1, 4] },
  'padded beyond the window': { x: [1, 3, 3, 8], filter: [2, 2, 4], pad: [3, 3, 3, 3] },
  pointwise: { x: [1, 3, 4, 8], filter: [1, 1, 8], pad: [1, 0, 0, 2] },
  'pointwise, of one pixel': { x: [1, 1, 1, 256], filter: [1, 1, 16], pad: [1, 0, 0, 1] },
  'three channels': { x: [1, 6, 7, 3], filter: [3, 3, 8], strides: [2, 1], pad: [1, 1, 1, 1] },
  'four channels, a long row of taps': { x: [1, 3, 9, 4], filter: [2, 7, 5], pad: [0, 1, 3, 3] },
};

const SPECIAL = [NaN, Infinity, -Infinity];

/** Small whole numbers, with special values where `isSpecial` says so. */
function numbers(size: number, isSpecial: (i: number) => boolean): number[] {
  return Array.from({ length: size }, (_, i) =>
    isSpecial(i) ? SPECIAL[i % 3] : ((i * 7) % 5) - 2,
  );
}

/**
 * Elements of a filter whose first tap is special for some channels, and whose last for others: all
 * pixels of an edge but none inside are to stay finite.
 */
function filterOf([height, width, last]: Case['filter'], channels: number): number[] {
  const tap = channels * last;
  const size = height * width * tap;
  return numbers(size, (i) =>
    i < tap ? i % last === 1 : i >= size - tap ? i % last === 2 : i % (5 * last) === 3,
  );
}

const input = (b: GraphBuilder, shape: Shape): Value => b.input({ shape, dtype: 'float32' });

function convolve(b: GraphBuilder, x: Value, one: Case): Value {
  const [height, width, last] = one.filter;
  const [top, bottom, left, right] = one.pad;
  const { strides = [1, 1], dilations = [1, 1] } = one;
  const attrs = { strides, dilations, pad: { top, bottom, left, right } };
  return b.op('Conv2D', [x, input(b, [height, width, one.x[3], last])], attrs);
}

/** A tile without slices, and not unrolled: what a software driver compiles soonest. */
const quick = { unrolls: false, choose: () => '32x32x16 4x4' } as const;

describe.each(Object.entries(cases))('Conv2D, %s', (_name, one) => {
  const channels = one.x[3];
  const image = numbers(sizeOf(one.x), () => false);
  const weights = filterOf(one.filter, channels);

  test('weights', () =>
    checkFused((b) => convolve(b, input(b, one.x), one), {
      inputs: [image, weights],
      overrides: quick,
    }));

  test('weights and pixels', () =>
    checkFused((b) => convolve(b, input(b, one.x), one), {
      inputs: [numbers(sizeOf(one.x), (i) => i % (channels * 7) === 1), weights],
      overrides: quick,
    }));
});

/** Planes are another way to load and to store, whatever the window is. */
const inPlanes = ['3×3, two images', 'strided', 'three channels'];
const otherwise = exhaustively(Object.keys(cases).filter((name) => !inPlanes.includes(name)));

test.each([...inPlanes, ...otherwise])('Conv2D of planes, %s', (name) => {
  const one = cases[name];
  const [batch, height, width, channels] = one.x;
  return checkFused(
    (b) => {
      const x = input(b, [batch, channels, height, width]);
      const pixels = b.op('Transpose', [x], { perm: [0, 2, 3, 1] });
      return b.op('Transpose', [convolve(b, pixels, one)], { perm: [0, 3, 1, 2] });
    },
    {
      inputs: [numbers(sizeOf(one.x), () => false), filterOf(one.filter, channels)],
      overrides: quick,
    },
  );
});

describe.each(['Conv2D', 'DepthwiseConv2dNative', 'Conv2DBackpropInput'])(
  '%s, constant weights',
  (kernel) => {
    const one = { x: [2, 5, 7, 8] as const, filter: [3, 3, 8] as const };
    const shape = [3, 3, 8, kernel === 'DepthwiseConv2dNative' ? 1 : 8];
    const build = (b: GraphBuilder, weights: number[]): Value => {
      const pad = { top: 1, bottom: 1, left: 1, right: 1 };
      const attrs = { strides: [1, 1], dilations: [1, 1], pad };
      const filter = b.hostConstant(shape, 'float32', weights);
      return b.op(kernel, [input(b, one.x), filter], attrs, undefined, [...one.x]);
    };
    const pixels = numbers(sizeOf(one.x), (i) => i % 57 === 1);

    // Known to be finite: what is outside of the image is an x of 0.
    test('finite', () =>
      checkFused(
        (b) =>
          build(
            b,
            numbers(sizeOf(shape), () => false),
          ),
        {
          inputs: [pixels],
          targets: TARGETS,
          overrides: quick,
        },
      ));

    test('not finite', () =>
      checkFused(
        (b) =>
          build(
            b,
            numbers(sizeOf(shape), (i) => i < 20 && i % 8 === 1),
          ),
        {
          inputs: [pixels],
          targets: TARGETS,
          overrides: quick,
        },
      ));
  },
);

test('Conv2D, other adapters', () => {
  const one = cases['3×3, two images'];
  return checkFused((b) => convolve(b, input(b, one.x), one), {
    inputs: [numbers(sizeOf(one.x), () => false), filterOf(one.filter, one.x[3])],
    targets: TARGETS,
    overrides: quick,
  });
});

test.each(['16x16x64 4x4 s8', '32x64x32 4x4'])('Conv2D, tile %s', (name) => {
  const one = cases['3×3, two images'];
  return checkFused((b) => convolve(b, input(b, one.x), one), {
    inputs: [numbers(sizeOf(one.x), () => false), filterOf(one.filter, one.x[3])],
    targets: ['gpu'],
    overrides: { unrolls: false, choose: () => name },
  });
});

test('Conv2D, a sum that workgroups share', async () => {
  const one: Case = { x: [1, 4, 7, 116], filter: [3, 3, 34], pad: [1, 1, 1, 1] };
  const plan = await checkFused((b) => convolve(b, input(b, one.x), one), {
    inputs: [numbers(sizeOf(one.x), () => false), filterOf(one.filter, one.x[3])],
    targets: ['gpu'],
    overrides: { unrolls: false },
  });
  expect(labelsOf(plan)).toHaveLength(2);
});

test('Conv2D, of a concatenation', () => {
  const one: Case = { x: [1, 5, 5, 20], filter: [3, 3, 8], pad: [1, 1, 1, 1] };
  const parts = [
    [1, 5, 5, 8],
    [1, 5, 5, 12],
  ];
  return checkFused(
    (b) => {
      const x = parts.map((shape) => b.op('Relu', [input(b, shape)]));
      return convolve(b, b.op('Concat', x, { axis: 3 }), one);
    },
    {
      inputs: [
        ...parts.map((shape) => numbers(sizeOf(shape), () => false)),
        filterOf(one.filter, one.x[3]),
      ],
      overrides: quick,
    },
  );
});

describe('Conv2DBackpropInput', () => {
  test('of one pixel', () =>
    checkFused(
      (b) => {
        const x = [input(b, [3, 1, 1, 1]), input(b, [4, 2, 1, 1])];
        const attrs = { strides: [1, 1], pad: { top: 1, bottom: 2, left: 0, right: 1 } };
        return b.op('Conv2DBackpropInput', x, attrs, [], [3, 1, 1, 1]);
      },
      // The one output reads the tap at [1, 0].
      {
        inputs: [
          [0, 1, 2],
          [NaN, Infinity, 3, NaN, -Infinity, NaN, Infinity, NaN],
        ],
        targets: TARGETS,
        overrides: quick,
      },
    ));

  test.each([
    { strides: [1, 1], plane: [4, 4], before: 1 },
    { strides: [2, 2], plane: [8, 8], before: 0 },
    { strides: [2, 3], plane: [9, 11], before: 0 },
  ])('strides $strides', ({ strides, plane, before }) =>
    checkFused(
      (b) => {
        const x = [input(b, [1, 4, 4, 4]), input(b, [3, 3, 5, 4])];
        const pad = { top: before, bottom: 1, left: before, right: 1 };
        return b.op('Conv2DBackpropInput', x, { strides, pad }, [], [1, ...plane, 5]);
      },
      {
        inputs: [numbers(64, (i) => i === 5 || i === 60), numbers(180, (i) => i % 90 === 1)],
        targets: TARGETS,
        overrides: quick,
      },
    ),
  );
});
