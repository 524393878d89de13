/** Products of what look like rows of one value. */
import type { GraphBuilder } from '../../../../src/ir/builder';
import type { Value } from '../../../../src/ir/graph';
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
      'that are transposed',
      (b) => {
        const [x, w] = [input(b, 12, 6), input(b, 6, 5)];
        return [0, 6].map((at) => product(b, b.slice(x, [at, 0], [6, 6]), w, { transposeA: true }));
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

test('rows share a product beside parts of rows', () => {
  const { fired } = rewrite((b) => {
    const [x, w] = [input(b, 8, 6), input(b, 6, 5)];
    const parts = b.reshape(b.slice(x, [4, 0], [2, 3]), [1, 6]);
    return [b.slice(x, [0, 0], [2, 6]), b.slice(x, [2, 0], [2, 6]), parts].map((rows) =>
      product(b, rows, w),
    );
  });
  expect(fired).toContain('stack-rows');
});

describe('columns that are no gates', () => {
  const gated = (b: GraphBuilder, [x, y, z]: readonly Value[]): Value[] => [
    add(b, b.op('Multiply', [x, y]), z),
  ];
  computeTheSame([
    [
      'one of which is every second column',
      (b) => {
        const all = product(b, input(b, 3, 6), input(b, 6, 12));
        const [y, z] = [4, 8].map((at) => b.slice(all, [0, at], [3, 4]));
        return gated(b, [b.slice(all, [0, 0], [3, 4], [1, 2]), y, z]);
      },
    ],
    [
      'of a product that takes its operand transposed',
      (b) => {
        const all = product(b, input(b, 6, 6), input(b, 6, 12), { transposeA: true });
        return gated(
          b,
          [0, 4, 8].map((at) => b.slice(all, [0, at], [6, 4])),
        );
      },
    ],
  ]);

  test('that differ in size are named', () => {
    const { reasons } = rewrite((b) => {
      const all = product(b, input(b, 3, 6), input(b, 6, 12));
      const [y, z] = [4, 8].map((at) => b.slice(all, [0, at], [3, 4]));
      return gated(b, [b.slice(all, [0, 0], [3, 1]), y, z]);
    });
    expect(reasons('recurrent-product')).toEqual(['its parts differ in size, or overlap']);
  });
});
