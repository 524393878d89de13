import type { GraphBuilder } from '../../../../src/ir/builder';
import type { Value } from '../../../../src/ir/graph';
import { input, weight } from '../../../support/plants/cases';
import { rewrite } from '../rewritten';
import { add, computeTheSame, product } from './judged';

const attend = (b: GraphBuilder, scores: Value, v: Value): Value =>
  product(b, b.op('Softmax', [scores]), v);

/** Products of queries and keys, each of as many rows. */
const scoresOf = (b: GraphBuilder, rows = 5): Value =>
  product(b, input(b, 2, rows, 8), input(b, 2, rows, 8), { transposeB: true });

describe('weighted sums that are no attention, or an unusual one', () => {
  computeTheSame([
    [
      'of scores that are no product',
      (b) => attend(b, b.op('Sin', [input(b, 2, 5, 5)]), input(b, 2, 5, 8)),
    ],
    [
      'with a mask that is computed',
      (b) => {
        const mask = b.transpose(input(b, 5, 2, 5), [1, 0, 2]);
        return attend(b, add(b, scoresOf(b), mask), input(b, 2, 5, 8));
      },
    ],
    [
      'with a mask that is transposed along with the scores',
      (b) => {
        const masked = add(b, scoresOf(b), input(b, 2, 5, 5));
        return attend(b, b.transpose(masked, [0, 2, 1]), input(b, 2, 5, 8));
      },
    ],
    [
      'by weights that are transposed',
      (b) => product(b, b.op('Softmax', [scoresOf(b)]), input(b, 2, 5, 8), { transposeA: true }),
    ],
    [
      'of weights that are shaped otherwise',
      (b) => {
        const weights = b.reshape(b.op('Softmax', [scoresOf(b, 4)]), [2, 2, 2, 4]);
        return product(b, weights, input(b, 1, 2, 4, 6));
      },
    ],
  ]);

  test('keep scores that are asked for', () => {
    const { kernels } = rewrite((b) => {
      const scores = b.op('Multiply', [scoresOf(b), b.scalar(0.5)]);
      return [scores, attend(b, scores, input(b, 2, 5, 8))];
    });
    expect(kernels).not.toContain('Attention');
  });

  test('take a product of another size for a mask', () => {
    const { kernels } = rewrite((b) => {
      const mask = product(b, input(b, 2, 1, 4), weight(b, [1, 4, 5]));
      return attend(b, add(b, scoresOf(b), mask), input(b, 2, 5, 8));
    });
    expect(kernels).toContain('Attention');
  });

  test.each([
    [11, true],
    [12, false],
  ])('look through %d kernels behind scores: %s', (count, found) => {
    const { kernels } = rewrite((b) => {
      let scores = scoresOf(b);
      for (let at = 0; at < count; at++) scores = b.op(at % 2 ? 'Sin' : 'Tanh', [scores]);
      return attend(b, scores, input(b, 2, 5, 8));
    });
    expect(kernels.includes('Attention')).toBe(found);
  });
});
