/** Constants that look as if they could go somewhere else. */
import { input, weight } from '../../../support/plants/cases';
import { rewrite, weight as opaque } from '../rewritten';
import { add, computeTheSame, product } from './judged';

const pad = { top: 1, bottom: 0, left: 0, right: 0 };
const windowAttrs = { strides: [1, 1], dilations: [1, 1], pad };

describe('what is in front of convolutions, gathers, statistics', () => {
  computeTheSame([
    [
      'a cropped image is padded again',
      (b) => {
        const paddings = [
          [0, 0],
          [-1, 0],
          [0, 0],
          [0, 0],
        ];
        const x = b.op('PadV2', [input(b, 1, 6, 5, 3)], { paddings, constantValue: 0 });
        return b.op('Conv2D', [x, weight(b, [3, 3, 3, 4])], windowAttrs);
      },
    ],
    [
      'rows and columns are gathered of one matrix',
      (b) => {
        const x = b.op('Sin', [input(b, 4, 4)]);
        const parts = [0, 1].map((axis) => {
          const places = b.op('Mod', [b.input({ shape: [4], dtype: 'int32' }), b.scalar(4, 'int32')]); // prettier-ignore
          return b.op('GatherV2', [x, b.op('Abs', [places])], { axis, batchDims: 0 });
        });
        return b.op('Concat', parts, { axis: 0 });
      },
    ],
    [
      'a maximum along rows, a sum along columns',
      (b) => {
        const x = input(b, 4, 4);
        const reduce = (kernel: string, of: typeof x, axis: number) =>
          b.op(kernel, [of], { axes: [axis], keepDims: true });
        const e = b.op('Exp', [b.op('Sub', [x, reduce('Max', x, 1)])]);
        return b.op('RealDiv', [e, reduce('Sum', e, 0)]);
      },
    ],
    [
      'deviations from the means of other rows',
      (b) => {
        const x = input(b, 4, 4);
        const mean = b.op('Mean', [x], { axes: [1], keepDims: false });
        const squares = b.op('Square', [b.op('Sub', [x, mean])]);
        return [mean, b.op('Mean', [squares], { axes: [1], keepDims: false })];
      },
    ],
    [
      'a scale of more dimensions than a normalisation',
      (b) => {
        const x = input(b, 4, 16);
        const power = b.op('Mean', [b.op('Square', [x])], { axes: [1], keepDims: true });
        const inverse = b.op('Rsqrt', [add(b, power, b.scalar(1e-3))]);
        return b.op('Multiply', [x, b.op('Multiply', [inverse, input(b, 3, 1, 16)])]);
      },
    ],
    [
      'an offset of more dimensions than a product in heads',
      (b) => {
        const heads = b.reshape(product(b, input(b, 6, 8), weight(b, [8, 12])), [6, 3, 4]);
        return add(b, heads, weight(b, [1, 1, 3, 4], 5));
      },
    ],
    [
      'a bias that is shaped from rows of another width',
      (b) => {
        const bias = b.reshape(b.op('Sin', [input(b, 4, 6)]), [3, 8]);
        const hidden = b.op('Relu', [add(b, product(b, input(b, 3, 5), weight(b, [5, 8])), bias)]);
        return product(b, hidden, weight(b, [8, 4], 2));
      },
    ],
    [
      'a gate whose bias is shaped from rows of another width',
      (b) => {
        const bias = b.reshape(b.op('Sin', [input(b, 4, 6)]), [3, 8]);
        const x = input(b, 3, 5);
        const gate = b.op('Sigmoid', [add(b, product(b, x, weight(b, [5, 8])), bias)]);
        return b.op('Multiply', [gate, product(b, x, weight(b, [5, 8], 2))]);
      },
    ],
    [
      'whole numbers are added one after the other',
      (b) => {
        const large = (n: number) => b.hostConstant([2], 'int32', [n, -n]);
        const x = b.input({ shape: [3, 2], dtype: 'int32' });
        return add(b, add(b, x, large(2 ** 31 - 2)), large(2 ** 30 + 7));
      },
    ],
    [
      'maxima and their places have windows of their own',
      (b) => {
        const x = input(b, 1, 6, 6, 5);
        const of = (size: number) => ({
          ...windowAttrs,
          pad: { ...pad, top: size - 2 },
          filterSize: [size, 2],
        });
        return [b.op('MaxPool', [x], of(3)), b.ops('MaxPoolPositions', [x], of(2))[1]];
      },
    ],
  ]);
});

describe('constants that stay where they are', () => {
  test('of which there is nothing else', () => {
    const { fired } = rewrite((b) =>
      add(b, add(b, opaque(b, [2, 3]), opaque(b, [2, 3])), opaque(b, [2, 3])),
    );
    expect(fired).not.toContain('merge-constant-add');
  });

  test('a column and a row are smaller than their sum', () => {
    const { fired } = rewrite((b) =>
      add(b, add(b, input(b, 30, 50), weight(b, [30, 1])), weight(b, [1, 50])),
    );
    expect(fired).not.toContain('merge-constant-add');
  });

  test('a factor of more dimensions than a product', () => {
    const { reasons } = rewrite((b) =>
      b.op('Multiply', [product(b, input(b, 6, 8), weight(b, [8, 12])), weight(b, [1, 1, 12])]),
    );
    expect(reasons('fold-scale')).toEqual([
      'the factor [1,1,12] is not one for each of the 12 output channels',
    ]);
  });

  test('an offset for some columns of each head', () => {
    const { reasons } = rewrite((b) => {
      const heads = b.reshape(product(b, input(b, 6, 8), weight(b, [8, 12])), [6, 3, 4]);
      return add(b, heads, weight(b, [4]));
    });
    expect(reasons('sink-constant')).toEqual([
      'the constant [4] is not one for each of the 12 columns',
    ]);
  });
});
test.each([
  ['first', [2, 8, 30], [1, 30, 4]],
  ['second', [1, 8, 30], [2, 30, 4]],
])('layers whose %s has weights for each batch stay two', (_which, first, second) => {
  const { reasons } = rewrite((b) => {
    const hidden = product(b, input(b, 2, 6, 8), weight(b, first));
    return product(b, add(b, hidden, weight(b, [30])), weight(b, second, 2));
  });
  expect(reasons('fold-linear')).toEqual(['its weights are not one matrix for all rows']);
});
