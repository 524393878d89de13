/** Products and convolutions side by side that are no branches of one layer. */
import type { GraphBuilder } from '../../../../src/ir/builder';
import type { Value } from '../../../../src/ir/graph';
import { input, weight } from '../../../support/plants/cases';
import { rewrite, weight as opaque } from '../rewritten';
import { add, computeTheSame, product } from './judged';

const rowSums = (b: GraphBuilder, values: readonly Value[]): Value[] =>
  values.map((value) => b.op('Sum', [value], { axes: [value.shape.length - 1], keepDims: false }));

const windowAttrs = {
  strides: [1, 1],
  dilations: [1, 1],
  pad: { top: 0, bottom: 0, left: 0, right: 0 },
};

const conv = (b: GraphBuilder, x: Value, filter: Value): Value =>
  b.op('Conv2D', [x, filter], windowAttrs);

/** A convolution that reads another one's result. */
const read = (b: GraphBuilder, x: Value, seed: number): Value =>
  conv(b, x, weight(b, [1, 1, x.shape[3], 4], seed));

describe('products side by side', () => {
  computeTheSame([
    [
      'that are doubled',
      (b) => {
        const x = input(b, 6, 16);
        const products = [1, 2].map((seed) => product(b, x, weight(b, [16, 12], seed)));
        return rowSums(
          b,
          products.map((y) => add(b, y, y)),
        );
      },
    ],
    [
      'one of which takes the other operand for its weights',
      (b) => {
        const x = b.op('Sin', [weight(b, [80, 80], 3)]);
        return rowSums(b, [
          product(b, x, weight(b, [80, 80], 1)),
          product(b, x, weight(b, [80, 80], 2)),
          product(b, input(b, 80, 80), x),
        ]);
      },
    ],
    [
      'one of which takes its weights transposed',
      (b) => {
        const x = input(b, 6, 16);
        return rowSums(
          b,
          [true, false].map((transposeB, i) =>
            product(b, x, weight(b, [16, 16], i), { transposeB }),
          ),
        );
      },
    ],
    [
      'one of which takes its operand transposed',
      (b) => {
        const x = input(b, 8, 8);
        return rowSums(
          b,
          [true, false].map((transposeA, i) =>
            product(b, x, weight(b, [8, 12], i), { transposeA }),
          ),
        );
      },
    ],
  ]);

  const isJoined = (build: (b: GraphBuilder) => Value[]): boolean =>
    rewrite(build).fired.includes('widen-dense');

  test('are joined where weights are constant', () => {
    const of = (fed: boolean) => (b: GraphBuilder) => {
      const x = input(b, 6, 16);
      const weights = [weight(b, [16, 12]), fed ? input(b, 16, 12) : weight(b, [16, 12], 2)];
      return rowSums(
        b,
        weights.map((w) => product(b, x, w)),
      );
    };
    expect(isJoined(of(false))).toBe(true);
    expect(isJoined(of(true))).toBe(false);
  });

  test('are joined beside one with a bias for each row', () => {
    const { fired } = rewrite((b) => {
      const x = input(b, 6, 16);
      const [first, ...rest] = [1, 2, 3].map((seed) => product(b, x, weight(b, [16, 12], seed)));
      return rowSums(b, [add(b, first, weight(b, [6, 12])), ...rest]);
    });
    expect(fired).toContain('widen-dense');
  });

  test('are joined beside one whose bias has more dimensions', () => {
    const { fired } = rewrite((b) => {
      const x = input(b, 6, 16);
      const [first, ...rest] = [1, 2, 3].map((seed) => product(b, x, weight(b, [16, 12], seed)));
      return rowSums(b, [add(b, first, weight(b, [1, 1, 12])), ...rest]);
    });
    expect(fired).toContain('widen-dense');
  });

  test('are joined up to a number of columns', () => {
    const of = (columns: number) => (b: GraphBuilder) => {
      const x = input(b, 6, 16);
      return rowSums(
        b,
        [0, 1].map(() => product(b, x, opaque(b, [16, columns]))),
      );
    };
    expect(isJoined(of(1 << 15))).toBe(true);
    expect(isJoined(of(1 << 16))).toBe(false);
  });
});

describe('convolutions side by side', () => {
  computeTheSame([
    [
      'one of which takes the image for its filter',
      (b) => {
        const x = b.op('Sin', [weight(b, [1, 4, 20, 20], 3)]);
        const parts = [
          conv(b, x, weight(b, [1, 4, 20, 8], 1)),
          conv(b, x, weight(b, [1, 4, 20, 8], 2)),
          conv(b, input(b, 1, 4, 20, 20), x),
        ];
        return parts.map((part, i) => read(b, part, i));
      },
    ],
    [
      'one of which is asked for',
      (b) => {
        const x = input(b, 1, 9, 9, 8);
        const parts = [8, 12, 8].map((columns, i) => conv(b, x, weight(b, [1, 1, 8, columns], i)));
        return [parts[0], ...parts.slice(1).map((part, i) => read(b, part, i))];
      },
    ],
  ]);

  test('are joined where filters are constant', () => {
    const of = (fed: boolean) => (b: GraphBuilder) => {
      const x = input(b, 1, 9, 9, 8);
      const filters = [weight(b, [1, 1, 8, 8]), fed ? input(b, 1, 1, 8, 8) : weight(b, [1, 1, 8, 8], 2)]; // prettier-ignore
      return filters.map((filter, i) => read(b, conv(b, x, filter), i));
    };
    expect(rewrite(of(false)).fired).toContain('widen-convolution');
    expect(rewrite(of(true)).fired).not.toContain('widen-convolution');
  });
});
