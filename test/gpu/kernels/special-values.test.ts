/** NaN and infinities in kernels with loops of their own: what they reach, and what they do not. */
import { checkFused, TARGETS } from '../../support/differential';

/** Ones, with special values at some places. */
function ones(size: number, special: Readonly<Record<number, number>>): number[] {
  return Array.from({ length: size }, (_, i) => special[i] ?? 1);
}

/** NaN, the infinities and ordinary numbers, in an order without a short period. */
function scattered(size: number): number[] {
  const values = [NaN, Infinity, -Infinity];
  return Array.from({ length: size }, (_, i) => (i % 5 === 0 ? values[(i / 5) % 3] : (i * 7) % 11));
}

const unit = { strides: [1, 1], dilations: [1, 1] };

describe('taps that no output reads are not multiplied', () => {
  test.each([4, 3])('depthwise convolution of %i channels', (channels) =>
    checkFused(
      (b) => {
        const x = b.input({ shape: [1, 3, 5, channels], dtype: 'float32' });
        const filter = b.input({ shape: [3, 3, channels, 1], dtype: 'float32' });
        const pad = { top: 1, bottom: 1, left: 1, right: 1 };
        return b.op('DepthwiseConv2dNative', [x, filter], { ...unit, pad });
      },
      {
        inputs: [undefined, ones(9 * channels, { 0: NaN, 9: Infinity, [8 * channels]: -Infinity })],
      },
    ),
  );
});

describe('pools', () => {
  test.each(['MaxPool', 'AvgPool'])('%s', (kernel) =>
    checkFused(
      (b) => {
        const attrs = {
          ...unit,
          filterSize: [2, 3],
          pad: { top: 1, bottom: 0, left: 1, right: 1 },
        };
        return [4, 3].map((channels) =>
          b.op(kernel, [b.input({ shape: [1, 4, 5, channels], dtype: 'float32' })], attrs),
        );
      },
      { inputs: [scattered(80), scattered(60)], tolerance: 'arithmetic' },
    ),
  );

  test('a window of nothing but NaN', () =>
    checkFused(
      (b) => {
        const attrs = {
          ...unit,
          filterSize: [2, 2],
          pad: { top: 0, bottom: 0, left: 0, right: 0 },
        };
        return b.op('MaxPool', [b.input({ shape: [1, 2, 3, 1], dtype: 'float32' })], attrs);
      },
      { inputs: [[NaN, NaN, 1, NaN, NaN, 2]] },
    ));
});

describe.each(['ArgMax', 'ArgMin'])('%s', (kernel) => {
  test.each([
    ['first', ones(300, { 0: NaN, 7: 3, 9: -3 })],
    ['elsewhere', ones(300, { 1: NaN, 7: 3, 9: -3, 100: NaN })],
    ['everywhere', Array<number>(300).fill(NaN)],
    [
      'among infinities',
      ones(300, { 3: Infinity, 4: -Infinity, 5: NaN, 200: Infinity, 201: -Infinity }),
    ],
    ['before infinities', ones(300, { 0: NaN, 3: Infinity, 4: -Infinity })],
    ['and the lowest is first', ones(300, { 0: -Infinity, 1: NaN, 299: Infinity })],
  ])('NaN %s', (_name, row) =>
    checkFused(
      (b) => {
        const x = b.input({ shape: [300], dtype: 'float32' });
        const short = b.slice(x, [0], [12]);
        return [b.op(kernel, [x], { axis: 0 }), b.op(kernel, [short], { axis: 0 })];
      },
      { inputs: [row], targets: TARGETS },
    ),
  );
});

describe.each(['Max', 'Min', 'Sum', 'Mean', 'Prod'])('%s', (kernel) => {
  test.each([0, 1, 150, 299])('NaN at %i of 300', (at) =>
    checkFused(
      (b) => {
        const x = b.input({ shape: [300], dtype: 'float32' });
        const columns = b.reshape(x, [75, 4]);
        return [
          b.op(kernel, [x], { axes: [0], keepDims: false }),
          b.op(kernel, [columns], { axes: [0], keepDims: false }),
          b.op(kernel, [columns], { axes: [1], keepDims: false }),
        ];
      },
      {
        inputs: [ones(300, { [at]: NaN })],
        targets: TARGETS,
        // WGSL divides to 2.5 ulp.
        tolerance: kernel === 'Mean' ? 'arithmetic' : 'exact',
      },
    ),
  );
});

test('an L2 normalisation of a row with NaN is NaN', () =>
  checkFused(
    (b) => {
      const x = b.input({ shape: [2, 8], dtype: 'float32' });
      const squares = b.op('Sum', [b.op('Square', [x])], { axes: [1], keepDims: true });
      const power = b.op('Maximum', [squares, b.scalar(1e-12)]);
      return b.op('Multiply', [x, b.op('Rsqrt', [power])]);
    },
    { inputs: [ones(16, { 3: NaN })], tolerance: 'arithmetic' },
  ));
