/** Depthwise separable blocks, as one kernel. */
import type { GraphBuilder } from '../../../src/ir/builder';
import type { Shape, Value } from '../../../src/ir/graph';
import {
  checkFused,
  labelsOf,
  ADAPTERS,
  type Build,
  type TargetName,
} from '../../support/differential';
import { exhaustively } from '../../support/exhaustively';

/** Whole numbers from −2 to 2, sparse enough for sums of sums to stay exact. */
function weight(b: GraphBuilder, shape: Shape): Value {
  const size = shape.reduce((product, dim) => product * dim, 1);
  const values = Array.from({ length: size }, (_, i) => {
    const hash = Math.imul(i + size, 2654435761) >>> 0;
    return hash % 3 === 0 ? ((hash >>> 8) % 5) - 2 : 0;
  });
  return b.hostConstant(shape, 'float32', values);
}

interface Window {
  readonly size?: readonly [number, number];
  readonly strides?: readonly [number, number];
  readonly dilations?: readonly [number, number];
  /** Rows and columns added at each side; `SAME` for a window of 3, if not said. */
  readonly pad?: readonly [top: number, bottom: number, left: number, right: number];
  readonly multiplier?: number;
}

const image = (b: GraphBuilder, shape: Shape): Value => b.input({ shape, dtype: 'float32' });

function depthwise(b: GraphBuilder, x: Value, window: Window = {}): Value {
  const { size = [3, 3], strides = [1, 1], dilations = [1, 1], multiplier = 1 } = window;
  const [top, bottom, left, right] = window.pad ?? [1, 1, 1, 1];
  const filter = weight(b, [...size, x.shape[3], multiplier]);
  const attrs = { strides, dilations, pad: { top, bottom, left, right } };
  return b.op('DepthwiseConv2dNative', [x, filter], attrs);
}

function pointwise(b: GraphBuilder, x: Value, columns: number): Value {
  const one = [1, 1];
  const pad = { top: 0, bottom: 0, left: 0, right: 0 };
  const attrs = { strides: one, dilations: one, pad };
  return b.op('Conv2D', [x, weight(b, [1, 1, x.shape[3], columns])], attrs);
}

const bias = (b: GraphBuilder, x: Value): Value =>
  b.op('Add', [x, weight(b, [x.shape[x.shape.length - 1]])]);

/** A block with biases and relu6 in between. */
function block(shape: Shape, columns: number, window?: Window): Build {
  return (b) => {
    const hidden = b.op('Relu6', [bias(b, depthwise(b, image(b, shape), window))]);
    return bias(b, pointwise(b, hidden, columns));
  };
}

const ANY_SIZE: readonly TargetName[] = ['any size'];
const ONE_SIZE: readonly TargetName[] = ['software', 'gpu'];

/** What stands around a block is written alike for any size: windows have those. */
async function check(
  build: Build,
  label = 'DepthwisePointwise → Add',
  targets: readonly TargetName[] = [...ONE_SIZE, ...exhaustively(ANY_SIZE)],
): Promise<void> {
  const plan = await checkFused(build, { targets });
  expect(labelsOf(plan)).toEqual([label]);
}

describe('sizes', () => {
  test.each<[Shape, number]>([
    [[1, 1, 1, 4], 1],
    [[1, 1, 1, 8], 4],
    [[1, 1, 13, 4], 3],
    [[1, 13, 1, 20], 8],
    [[1, 5, 7, 8], 5],
    [[2, 7, 7, 12], 16],
    [[3, 11, 13, 4], 20],
    [[1, 16, 16, 24], 12],
    [[2, 14, 14, 36], 7],
    [[1, 8, 15, 16], 132],
    [[1, 4, 4, 1024], 8],
    [[1, 3, 5, 260], 36],
    [[1, 24, 24, 8], 8],
  ])('%j to %d channels', (shape, columns) => check(block(shape, columns), undefined, ADAPTERS));
});

describe('windows', () => {
  test.each<[string, Window]>([
    ['stride 2', { strides: [2, 2], pad: [0, 1, 0, 1] }],
    ['strides 1 and 3', { strides: [1, 3] }],
    ['dilations', { dilations: [2, 3], pad: [2, 2, 3, 3] }],
    ['no padding', { pad: [0, 0, 0, 0] }],
    ['more padding than filter', { size: [2, 2], pad: [3, 0, 0, 4] }],
    ['one tap', { size: [1, 1], pad: [0, 0, 0, 0] }],
    ['5 × 5', { size: [5, 5], pad: [2, 2, 2, 2] }],
    ['2 × 9, a loop', { size: [2, 9], pad: [0, 1, 4, 4] }],
    ['two outputs a channel', { multiplier: 2 }],
    ['four outputs a channel, stride 2', { multiplier: 4, strides: [2, 2] }],
  ])('%s', (_name, window) =>
    check(block([2, 9, 12, 8], 6, window), undefined, [...ONE_SIZE, ...ANY_SIZE]),
  );

  test('channels that are whole vectors only with their multiplier', () =>
    check(block([1, 6, 5, 3], 5, { multiplier: 4 })));
});

describe('what stands between, before and after', () => {
  test('hard swish, with its operand used twice', () =>
    check((b) => {
      const hidden = bias(b, depthwise(b, image(b, [1, 6, 8, 8])));
      const gate = b.op('Relu6', [b.op('Add', [hidden, b.scalar(3)])]);
      return pointwise(b, b.op('Multiply', [hidden, gate]), 8);
    }, 'DepthwisePointwise'));

  test('a slope for each channel', () =>
    check((b) => {
      const hidden = bias(b, depthwise(b, image(b, [2, 5, 7, 12])));
      const prelu = b.op('Prelu', [hidden, weight(b, [12])]);
      return b.op('Prelu', [bias(b, pointwise(b, prelu, 6)), weight(b, [6])]);
    }, 'DepthwisePointwise → Add → Prelu'));

  test('an image, one number a pixel, and a condition', () =>
    check((b) => {
      const hidden = depthwise(b, image(b, [2, 5, 7, 8]));
      const sum = b.op('Add', [hidden, image(b, [2, 5, 7, 8])]);
      const scaled = b.op('Multiply', [sum, image(b, [2, 5, 7, 1])]);
      const isPositive = b.op('Greater', [scaled, weight(b, [8])]);
      return pointwise(b, b.op('Select', [isPositive, scaled, hidden]), 5);
    }, 'DepthwisePointwise'));

  test('a mask and whole numbers', () =>
    check((b) => {
      const hidden = depthwise(b, image(b, [1, 5, 6, 8]));
      const mask = b.input({ shape: [1, 5, 6, 8], dtype: 'bool' });
      const steps = b.input({ shape: [8], dtype: 'int32' });
      const shifted = b.op('Add', [hidden, b.op('Cast', [steps], { dtype: 'float32' })]);
      return pointwise(b, b.op('Select', [mask, shifted, hidden]), 4);
    }, 'Cast → DepthwisePointwise'));

  test('nothing between', () =>
    check((b) => pointwise(b, depthwise(b, image(b, [1, 9, 5, 8])), 4), 'DepthwisePointwise'));

  test('a residual of the input, as in detectors of faces', () =>
    check((b) => {
      const x = image(b, [1, 8, 8, 12]);
      const y = bias(b, pointwise(b, depthwise(b, x), 12));
      return b.op('Relu', [b.op('Add', [y, x])]);
    }, 'DepthwisePointwise → Add → Add → Relu'));

  test('a residual with more channels than the input', () =>
    check((b) => {
      const x = image(b, [2, 7, 7, 8]);
      const y = bias(b, pointwise(b, depthwise(b, x), 12));
      const paddings = [0, 0, 0, 4].map((after) => [0, after]);
      const wider = b.op('PadV2', [x], { paddings, constantValue: 0 });
      return b.op('Relu', [b.op('Add', [y, wider])]);
    }, 'DepthwisePointwise → Add → Add → Relu'));

  test('a prologue, and padding of its own', () =>
    check((b) => {
      const x = b.op('Relu', [b.op('Neg', [image(b, [1, 7, 6, 8])])]);
      const paddings = [
        [0, 0],
        [1, 2],
        [0, 3],
        [0, 0],
      ];
      const padded = b.op('PadV2', [x], { paddings, constantValue: 1 });
      return pointwise(b, depthwise(b, padded, { pad: [0, 0, 0, 0] }), 8);
    }, 'Neg → Relu → DepthwisePointwise'));

  test('a matrix product of the pixels', () =>
    check((b) => {
      const hidden = b.op('Relu', [depthwise(b, image(b, [2, 3, 5, 8]))]);
      const attrs = { transposeA: false, transposeB: true };
      const y = b.op('BatchMatMul', [b.reshape(hidden, [30, 8]), weight(b, [7, 8])], attrs);
      return b.reshape(bias(b, y), [2, 3, 5, 7]);
    }, 'DepthwisePointwise → Reshape → Add → Reshape'));

  test('blocks one after the other', async () => {
    const plan = await checkFused((b) => {
      const first = b.op('Relu', [pointwise(b, depthwise(b, image(b, [1, 8, 8, 8])), 8)]);
      return pointwise(b, depthwise(b, first, { strides: [2, 2] }), 12);
    });
    expect(labelsOf(plan)).toEqual(['DepthwisePointwise → Relu', 'DepthwisePointwise']);
  });

  test('a hidden image that is an output stays in memory', async () => {
    const plan = await checkFused((b) => {
      const hidden = b.op('Relu', [depthwise(b, image(b, [1, 4, 4, 8]))]);
      return [hidden, pointwise(b, hidden, 4)];
    });
    expect(labelsOf(plan)).toEqual(['DepthwiseConv2dNative → Relu', 'Conv2D']);
  });

  test('NaN and infinities reach the pixels whose windows hold them', async () => {
    const elements = Array.from({ length: 9 * 9 * 4 }, (_, i) => (i % 7) - 3);
    [elements[0], elements[150], elements[9 * 9 * 4 - 1]] = [NaN, Infinity, -Infinity];
    const build: Build = (b) => {
      const hidden = bias(b, depthwise(b, image(b, [1, 9, 9, 4])));
      return pointwise(b, b.op('Relu', [hidden]), 5);
    };
    const plan = await checkFused(build, { targets: ADAPTERS, inputs: [elements] });
    expect(labelsOf(plan)).toEqual(['DepthwisePointwise']);
  });

  test('real numbers', async () => {
    const plan = await checkFused(
      (b) => {
        const scaled = b.op('Sigmoid', [bias(b, depthwise(b, image(b, [1, 14, 14, 64])))]);
        return bias(b, pointwise(b, scaled, 24));
      },
      { tolerance: 'transcendental' },
    );
    expect(labelsOf(plan)).toEqual(['DepthwisePointwise → Add']);
  });
});
