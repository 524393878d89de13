/** Products of what look like rows of one value. */
import { input } from '../../../support/plants/cases';
import { rewrite } from '../rewritten';
import { add, computeTheSame, product } from './judged';

describe('products of what are no rows that follow each other', () => {
  computeTheSame([
    [
      'of parts of rows, shaped into rows',
      (b) => {
        const [x, w] = [input(b, 4, 6), input(b, 6, 5)];
        return [0, 1].map((at) => product(b, b.reshape(b.slice(x, [at, 0], [2, 3]), [1, 6]), w));
      },
    ],
    [
      'of some rows of matrices',
      (b) => {
        const [x, w] = [input(b, 4, 2, 6), input(b, 6, 5)];
        return [0, 1].map((at) =>
          product(b, b.reshape(b.slice(x, [at, 0, 0], [2, 1, 6]), [2, 6]), w),
        );
      },
    ],
    [
      'of every second row',
      (b) => {
        const [x, w] = [input(b, 8, 6), input(b, 6, 5)];
        return [0, 2].map((at) => product(b, b.slice(x, [at, 0], [2, 6], [2, 1]), w));
      },
    ],
    [
      'whose matrix is rows of the same value, and multiplied itself',
      (b) => {
        const x = input(b, 6, 4);
        const w = b.slice(x, [2, 0], [4, 4]);
        return [product(b, b.slice(x, [0, 0], [2, 4]), w), product(b, w, input(b, 4, 4))];
      },
    ],
    [
      'one of which takes the matrix transposed',
      (b) => {
        const [x, w] = [input(b, 4, 6), input(b, 6, 6)];
        return [false, true].map((transposeB, at) =>
          product(b, b.slice(x, [2 * at, 0], [2, 6]), w, { transposeB }),
        );
      },
    ],
    [
      'of a vector, which is no rows',
      (b) => {
        const [x, w] = [input(b, 12), input(b, 6, 5)];
        return [0, 6].map((at) => product(b, b.reshape(b.slice(x, [at], [6]), [1, 6]), w));
      },
    ],
  ]);
});

test('columns of a product that is shaped before its bias is added are gates', () => {
  const { kernels } = rewrite((b) => {
    const all = product(b, input(b, 3, 6), input(b, 6, 12));
    const biased = add(b, b.reshape(all, [3, 1, 12]), input(b, 12));
    const [x, y, z] = [0, 4, 8].map((at) => b.slice(biased, [0, 0, at], [3, 1, 4]));
    return add(b, b.op('Multiply', [x, y]), z);
  });
  expect(kernels).toContain('RecurrentMatMul');
});

test('a product that nobody needs has no columns', () => {
  const { kernels } = rewrite((b) => {
    product(b, input(b, 3, 6), input(b, 6, 12));
    return b.op('Sin', [input(b, 3)]);
  });
  expect(kernels).toEqual(['Sin']);
});
