/**
 * Shaders for any size over many sizes: 1, primes, multiples of 4 and none, fewer and more than a tile. Of whole
 * numbers, so that every order of additions is exact; the tests of the families have special values.
 */
import type { GraphBuilder } from '../../../src/ir/builder';
import { sizeOf, type Shape, type Value } from '../../../src/ir/graph';
import { checkFused, type TargetName } from '../../support/differential';
import type { ToleranceName } from '../../support/tolerance';

jest.setTimeout(1_200_000);

type Sizes = readonly [number, number];
type Build = (b: GraphBuilder, sizes: Sizes) => Value | readonly Value[];

const plain = { transposeA: false, transposeB: false };

const input = (b: GraphBuilder, ...shape: number[]): Value => b.input({ shape, dtype: 'float32' });

/** Whole numbers from −2 to 2, most of them 0: sums of sums stay exact. */
function weights(b: GraphBuilder, ...shape: number[]): Value {
  const values = Array.from({ length: sizeOf(shape as Shape) }, (_, i) => {
    const hash = Math.imul(i + shape.length, 2654435761) >>> 0;
    return hash % 3 === 0 ? ((hash >>> 8) % 5) - 2 : 0;
  });
  return b.hostConstant(shape, 'float32', values);
}

const dense = (b: GraphBuilder, x: Value, from: number, to: number): Value =>
  b.op('Add', [b.op('BatchMatMul', [x, weights(b, from, to)], plain), weights(b, to)]);

/** Padding as TensorFlow's SAME has it. */
function same(size: number, window: number, stride: number): readonly [number, number] {
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + window - size);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

function windowOf([height, width]: Sizes, window: number, stride: number) {
  const [top, bottom] = same(height, window, stride);
  const [left, right] = same(width, window, stride);
  return { strides: [stride, stride], dilations: [1, 1], pad: { top, bottom, left, right } };
}

const FAMILIES: readonly (readonly [string, Build, ToleranceName])[] = [
  [
    'a dense layer',
    (b, [rows, others]) => b.op('Relu', [dense(b, input(b, rows * others, 12), 12, 20)]),
    'exact',
  ],
  [
    'layers in a row',
    (b, [rows]) => dense(b, b.op('Relu', [dense(b, input(b, rows, 12), 12, 16)]), 16, 10),
    'exact',
  ],
  [
    'a product over the size that varies',
    (b, [depth, rows]) =>
      b.op('BatchMatMul', [input(b, depth, rows), input(b, depth, 9)], {
        transposeA: true,
        transposeB: false,
      }),
    'exact',
  ],
  [
    'an image of three channels',
    (b, sizes) =>
      b.op('Conv2D', [input(b, 1, ...sizes, 3), weights(b, 3, 3, 3, 8)], windowOf(sizes, 3, 2)),
    'exact',
  ],
  [
    'a convolution and what is added',
    (b, sizes) =>
      b.op('Relu', [
        b.op('Add', [
          b.op(
            'Conv2D',
            [input(b, 2, ...sizes, 8), weights(b, 3, 3, 8, 12)],
            windowOf(sizes, 3, 1),
          ),
          weights(b, 12),
        ]),
      ]),
    'exact',
  ],
  [
    'a depthwise separable block',
    (b, sizes) => {
      const hidden = b.op('Relu6', [
        b.op(
          'DepthwiseConv2dNative',
          [input(b, 1, ...sizes, 8), weights(b, 3, 3, 8, 1)],
          windowOf(sizes, 3, 1),
        ),
      ]);
      return b.op('Conv2D', [hidden, weights(b, 1, 1, 8, 12)], windowOf(sizes, 1, 1));
    },
    'exact',
  ],
  [
    'a pool with strides',
    (b, sizes) =>
      b.op('MaxPool', [input(b, 1, ...sizes, 4)], { ...windowOf(sizes, 3, 2), filterSize: [3, 3] }),
    'exact',
  ],
  [
    'an image that is enlarged and joined',
    (b, [height, width]) => {
      const small = b.op('Relu', [input(b, 1, height, width, 4)]);
      const shape = [1, 2 * height - 1, 2 * width - 1, 4];
      const attrs = { alignCorners: false, halfPixelCenters: true };
      const large = b.op('ResizeBilinear', [small], attrs, b.origins, shape);
      return b.op('Concat', [large, b.op('Abs', [input(b, ...shape)])], { axis: 3 });
    },
    'arithmetic',
  ],
  [
    'sums over the size that varies',
    (b, [length, rows]) => [
      b.op('Sum', [input(b, rows, length, 8)], { axes: [1], keepDims: false }),
      b.op('Max', [input(b, rows, length)], { axes: [1], keepDims: true }),
    ],
    'exact',
  ],
  [
    'a normalisation and a softmax of long rows',
    (b, [rows, length]) => {
      const x = input(b, rows, 16 * length);
      const mean = (value: Value): Value => b.op('Mean', [value], { axes: [1], keepDims: true });
      const centred = b.op('Sub', [x, mean(x)]);
      const variance = b.op('Add', [mean(b.op('Square', [centred])), b.scalar(1e-3)]);
      return b.op('Softmax', [b.op('Multiply', [centred, b.op('Rsqrt', [variance])])]);
    },
    'transcendental',
  ],
  [
    'heads that change places',
    (b, [batch, length]) => {
      const heads = b.reshape(input(b, batch * length, 32), [batch, length, 4, 8]);
      return b.op('Neg', [b.transpose(heads, [0, 2, 1, 3])]);
    },
    'exact',
  ],
];

const SIZES: readonly Sizes[] = [
  [1, 1],
  [2, 3],
  [5, 1],
  [1, 7],
  [4, 4],
  [13, 8],
  [8, 17],
  [16, 12],
  [31, 5],
  [24, 37],
  [19, 64],
];

describe.each(['any size', 'gpu, any size'] satisfies TargetName[])('%s', (target) => {
  test.each(FAMILIES)('%s', async (_name, build, tolerance) => {
    for (const sizes of SIZES) {
      await checkFused((b) => build(b, sizes), { tolerance, targets: [target] });
    }
  });
});
