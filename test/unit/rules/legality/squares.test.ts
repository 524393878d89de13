/** Matrices whose shapes do not tell how they are meant: square ones, single rows, dimensions of 1. */
import type { GraphBuilder } from '../../../../src/ir/builder';
import type { Value } from '../../../../src/ir/graph';
import { input, weight } from '../../../support/plants/cases';
import { dense, input as fed, product as layer, rewrite } from '../rewritten';
import { add, computeTheSame, product, tanh } from './judged';

const transposedA = { transposeA: true };
const rowsOf = (b: GraphBuilder, x: Value, from: number, count: number): Value =>
  b.slice(x, [from, 0], [count, x.shape[1]]);
const times = (b: GraphBuilder, x: Value, y: Value): Value => b.op('Multiply', [x, y]);
const windowAttrs = {
  filterSize: [2, 2],
  strides: [2, 2],
  dilations: [1, 1],
  pad: { top: 0, bottom: 0, left: 0, right: 0 },
};

computeTheSame([
  [
    'products of rows, one of them transposed',
    (b) => {
      const x = input(b, 8, 4);
      const w = weight(b, [4, 3]);
      return [product(b, rowsOf(b, x, 0, 4), w), product(b, rowsOf(b, x, 4, 4), w, transposedA)];
    },
  ],
  [
    'a gate of rows that are transposed',
    (b) => {
      const x = input(b, 4, 4);
      const [first, second] = [1, 2].map(() => product(b, x, weight(b, [4, 4]), transposedA));
      return times(b, b.op('Relu', [first]), second);
    },
  ],
  [
    'a gate of weights of which one is transposed',
    (b) => {
      const x = input(b, 3, 4);
      const first = product(b, x, weight(b, [4, 4]), { transposeB: true });
      return times(b, b.op('Relu', [first]), product(b, x, weight(b, [4, 4])));
    },
  ],
  [
    'a product that looks like the bias of another',
    (b) => {
      const x = input(b, 1, 4);
      const [first, second] = [1, 2].map(() => product(b, x, weight(b, [4, 4])));
      return [tanh(b, add(b, first, second)), b.op('Relu', [second])];
    },
  ],
  [
    'a column that is added to a square',
    (b) => add(b, b.reshape(input(b, 3), [3, 1]), input(b, 3, 3)),
  ],
  [
    'a mean of the windows that a maximum is of',
    (b) => {
      const x = input(b, 1, 4, 4, 2);
      return ['AvgPool', 'MaxPool'].map((kernel) => b.op(kernel, [x], windowAttrs));
    },
  ],
  [
    'gathers of batches one after the other',
    (b) => {
      const x = input(b, 2, 5, 3);
      const [one, other] = [2, 2].map((at) => {
        const indices = b.input({ shape: [2, at], dtype: 'int32' });
        return b.op('GatherV2', [x, indices], { axis: 1, batchDims: 1 });
      });
      return b.op('Concat', [one, other], { axis: 0 });
    },
  ],
  [
    'rows that are fewer than what is added to them, between two layers',
    (b) => {
      const wide = add(b, product(b, input(b, 1, 8), weight(b, [8, 8])), input(b, 3, 8));
      return product(b, b.op('Relu', [wide]), weight(b, [8, 8]));
    },
  ],
]);

test('a product of rows by itself stays as it is', () => {
  const { fired } = rewrite((b) => layer(b, rowsOf(b, fed(b, [8, 4]), 2, 3), 5));
  expect(fired).not.toContain('stack-rows');
});

describe('columns that look like gates', () => {
  /** What a cell makes of its gates. */
  const cell = (b: GraphBuilder, [first, second, ...others]: Value[]): Value =>
    others.reduce(
      (sum, gate) => add(b, sum, gate),
      times(b, b.op('Sigmoid', [first]), tanh(b, second)),
    );
  const columnsOf = (b: GraphBuilder, x: Value, count: number, rows = x.shape[0]): Value[] => {
    const width = x.shape[1] / count;
    return Array.from({ length: count }, (_, at) => b.slice(x, [0, at * width], [rows, width]));
  };

  computeTheSame([
    [
      'of a product in another shape',
      (b) => {
        const reshaped = b.reshape(product(b, input(b, 4, 5), weight(b, [5, 12])), [8, 6]);
        return cell(b, columnsOf(b, reshaped, 3));
      },
    ],
    [
      'of a product of batches',
      (b) => {
        const y = product(b, input(b, 2, 4, 5), b.reshape(weight(b, [10, 12]), [2, 5, 12]));
        return cell(
          b,
          [0, 4, 8].map((from) => b.slice(y, [0, 0, from], [2, 4, 4])),
        );
      },
    ],
    [
      'of some rows alone',
      (b) => cell(b, columnsOf(b, product(b, input(b, 4, 5), weight(b, [5, 12])), 3, 2)),
    ],
    [
      'of what is turned round in between',
      (b) => {
        const turned = b.op('Reverse', [product(b, input(b, 4, 5), weight(b, [5, 12]))], { dims: [1] }); // prettier-ignore
        return cell(b, columnsOf(b, turned, 3));
      },
    ],
  ]);

  test.each([
    [4, true],
    [5, false],
  ])('%i of them: %s', (count, isJoined) => {
    const { fired } = rewrite((b) => cell(b, columnsOf(b, dense(b, fed(b, [4, 5]), 60), count)));
    expect(fired.includes('recurrent-product')).toBe(isJoined);
  });
});

test('an attention whose mask is as large as its scores is one', () => {
  const { fired } = rewrite((b) => {
    const [q, k, v] = [5, 7, 7].map((rows) => fed(b, [2, rows, 8]));
    const plain = { transposeA: false, transposeB: false };
    const scores = b.op('BatchMatMul', [q, k], { ...plain, transposeB: true });
    const masked = add(b, scores, fed(b, [2, 5, 7]));
    return b.op('BatchMatMul', [b.op('Softmax', [masked]), v], plain);
  });
  expect(fired).toContain('attention');
});
