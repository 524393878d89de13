/** Shaders that are written to serve other sizes have one text for all sizes of a class. */
import { compilePlan } from '../../../src/compiler/compile';
import type { KernelTarget } from '../../../src/fused-kernels/kernel';
import { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import { float } from '../patterns/fuse';
import { gpuTarget, softwareTarget } from './target';

type Build<S> = (b: GraphBuilder, sizes: S) => Value;

function textsOf<S>(build: Build<S>, sizes: S, target: KernelTarget): string[] {
  const b = new GraphBuilder();
  b.graph.outputs = [build(b, sizes)];
  const { dispatches } = compilePlan(b.graph, { ...target }, 'test', { anySize: true });
  return dispatches.map(({ program }) => program.wgsl);
}

/** Padding of a window as TensorFlow's SAME has it. */
function same(size: number, window: number, stride: number): [before: number, after: number] {
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + window - size);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

function windowOf(height: number, width: number, window: number, stride: number) {
  const [top, bottom] = same(height, window, stride);
  const [left, right] = same(width, window, stride);
  return { strides: [stride, stride], dilations: [1, 1], pad: { top, bottom, left, right } };
}

const elementwise: Build<readonly [number, number]> = (b, [batch, length]) =>
  b.op('Relu', [b.op('Add', [float(b, batch, length, 64), float(b, length, 64)])]);

const transposed: Build<readonly [number, number]> = (b, [batch, length]) => {
  const heads = b.reshape(float(b, batch * length, 64), [batch, length, 4, 16]);
  return b.op('Exp', [b.op('Transpose', [heads], { perm: [0, 2, 1, 3] })]);
};

const mean: Build<readonly [number, number]> = (b, [batch, length]) =>
  b.op('Mean', [float(b, batch, length, 64)], { axes: [1], keepDims: false });

/** As the gradient of a mean is: divided by a size. */
const scaled: Build<readonly [number, number]> = (b, [batch, length]) =>
  b.op('Multiply', [b.op('Exp', [float(b, batch, length, 64)]), b.scalar(1 / (batch * length))]);

const softmax: Build<readonly [number, number]> = (b, [rows]) =>
  b.op('Softmax', [float(b, rows, 20)]);

const plain = { transposeA: false, transposeB: false };

const dense: Build<readonly [number, number]> = (b, [batch, length]) =>
  b.op('Add', [
    b.op('BatchMatMul', [float(b, batch * length, 64), float(b, 64, 96)], plain),
    float(b, 96),
  ]);

const attention: Build<readonly [number, number]> = (b, [batch, length]) => {
  const [q, k, v] = [0, 1, 2].map(() => float(b, batch * 4, length, 16));
  const scores = b.op('BatchMatMul', [q, k], { transposeA: false, transposeB: true });
  return b.op('BatchMatMul', [b.op('Softmax', [scores]), v], plain);
};

const strided: Build<readonly [number, number]> = (b, [height, width]) =>
  b.op('Relu', [
    b.op('Conv2D', [float(b, 1, height, width, 16), float(b, 3, 3, 16, 24)], {
      ...windowOf(height, width, 3, 2),
    }),
  ]);

const first: Build<readonly [number, number]> = (b, [height, width]) =>
  b.op('Conv2D', [float(b, 1, height, width, 3), float(b, 3, 3, 3, 16)], {
    ...windowOf(height, width, 3, 2),
  });

const depthwise: Build<readonly [number, number]> = (b, [height, width]) =>
  b.op('DepthwiseConv2dNative', [float(b, 1, height, width, 16), float(b, 3, 3, 16, 1)], {
    ...windowOf(height, width, 3, 1),
  });

/** A depthwise separable block of MobileNets, whose weights are known. */
const block: Build<readonly [number, number]> = (b, [height, width]) => {
  const weights = (...shape: number[]): Value =>
    b.constant({ shape, dtype: 'float32' }, { handle: {} });
  const hidden = b.op(
    'DepthwiseConv2dNative',
    [float(b, 1, height, width, 16), weights(3, 3, 16, 1)],
    { ...windowOf(height, width, 3, 1) },
  );
  return b.op('Conv2D', [b.op('Relu6', [hidden]), weights(1, 1, 16, 24)], {
    ...windowOf(height, width, 1, 1),
  });
};

const pool: Build<readonly [number, number]> = (b, [height, width]) =>
  b.op('MaxPool', [float(b, 1, height, width, 16)], {
    ...windowOf(height, width, 3, 2),
    filterSize: [3, 3],
  });

const resized: Build<readonly [number, number]> = (b, [height, width]) =>
  b.op(
    'ResizeBilinear',
    [float(b, 1, height, width, 16)],
    { alignCorners: false, halfPixelCenters: true },
    b.origins,
    [1, 2 * height + 1, 2 * width + 1, 16],
  );

/** Lengths around multiples of 4, of tiles, and of each other; none so few that tiles change. */
const LENGTHS = [
  [2, 65],
  [2, 66],
  [3, 67],
  [3, 71],
  [2, 97],
  [3, 81],
] as const;

const IMAGES = [
  [51, 49],
  [50, 49],
  [51, 52],
  [64, 60],
  [45, 64],
  [53, 60],
  [56, 56],
] as const;

describe.each([
  ['software', softwareTarget],
  ['gpu', gpuTarget],
] as const)('one text for all sizes, %s', (name, target) => {
  test.each([
    ['elementwise', elementwise, LENGTHS],
    ['a transposition of heads', transposed, LENGTHS],
    ['a mean', mean, LENGTHS],
    ['what a size scales', scaled, LENGTHS],
    ['softmax', softmax, LENGTHS],
    ['a dense layer', dense, LENGTHS],
    ['attention', attention, LENGTHS],
    ['a convolution with strides', strided, IMAGES],
    ['a depthwise convolution', depthwise, IMAGES],
    ['a depthwise separable block', block, IMAGES],
    ['an image of few channels', first, IMAGES],
    ['a pool with strides', pool, IMAGES],
    ['a bilinear resize', resized, IMAGES],
  ] as const)('%s', (_name, build, sizes) => {
    const [first, ...others] = sizes.map((size) => textsOf(build, size, target));
    for (const texts of others) expect(texts).toEqual(first);
  });
});

/** Heads as exporters cut them out of rows. */
const headed: Build<readonly [number, number]> = (b, [batch, length]) => {
  const [q, k, v] = [0, 1, 2].map(() => {
    const heads = b.reshape(float(b, batch * length, 64), [batch, length, 4, 16]);
    return b.transpose(heads, [0, 2, 1, 3]);
  });
  const scores = b.op('BatchMatMul', [q, k], { transposeA: false, transposeB: true });
  return b.op('BatchMatMul', [b.op('Softmax', [scores]), v], plain);
};

test('attention over a few tokens, of one text and of several, is that over more on a GPU', () => {
  const [several] = textsOf(headed, [3, 41], gpuTarget);
  const few = [2, 3, 4, 5, 8, 9, 41].flatMap((length) => [1, 2, 5].map((batch) => [batch, length]));
  for (const [batch, length] of few) {
    expect(textsOf(headed, [batch, length], gpuTarget)).toEqual([several]);
  }
});

type Images = readonly [batch: number, height: number, width: number];
const imagesOf = (b: GraphBuilder, [batch, height, width]: Images, channels: number): Value =>
  float(b, batch, height, width, channels);

const overImages: Record<string, Build<Images>> = {
  'a convolution and what is added': (b, sizes) => {
    const pad = windowOf(sizes[1], sizes[2], 3, 1);
    const sum = b.op('Conv2D', [imagesOf(b, sizes, 16), float(b, 3, 3, 16, 16)], pad);
    return b.op('Relu', [b.op('Add', [sum, imagesOf(b, sizes, 16)])]);
  },
  'an image of few channels': (b, sizes) =>
    b.op('Conv2D', [imagesOf(b, sizes, 3), float(b, 3, 3, 3, 16)], {
      ...windowOf(sizes[1], sizes[2], 3, 1),
    }),
  'a depthwise convolution': (b, sizes) =>
    b.op('DepthwiseConv2dNative', [imagesOf(b, sizes, 16), float(b, 3, 3, 16, 1)], {
      ...windowOf(sizes[1], sizes[2], 3, 1),
    }),
  'a pool': (b, sizes) =>
    b.op('MaxPool', [imagesOf(b, sizes, 16)], {
      ...windowOf(sizes[1], sizes[2], 3, 2),
      filterSize: [3, 3],
    }),
  'a convolution that is cut into patches': (b, sizes) => {
    const pad = windowOf(sizes[1], sizes[2], 1, 1);
    const sum = b.op('Conv2D', [imagesOf(b, sizes, 16), float(b, 1, 1, 16, 16)], pad);
    const patches = b.reshape(b.op('Relu', [sum]), [sizes[0], sizes[1] * sizes[2], 16]);
    return b.op('Add', [patches, float(b, 16)]);
  },
};

describe.each([
  ['software', softwareTarget],
  ['gpu', gpuTarget],
] as const)('one image, %s', (_name, target) => {
  test.each(Object.entries(overImages))('%s: as many kernels as for several', (_what, build) => {
    expect(textsOf(build, [1, 37, 29], target)).toHaveLength(1);
    expect(textsOf(build, [3, 37, 29], target)).toHaveLength(1);
  });

  const { 'a convolution that is cut into patches': _, ...alike } = overImages;
  test.each(Object.entries(alike))('%s: the text for several', (_what, build) => {
    expect(textsOf(build, [1, 37, 29], target)).toEqual(textsOf(build, [3, 37, 29], target));
  });
});
