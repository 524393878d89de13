/** Materialised transpositions, through workgroup memory on GPUs, and what is fused with them. */
import type { GraphBuilder } from '../../../src/ir/builder';
import type { DType, Shape, Value } from '../../../src/ir/graph';
import { checkFused, labelsOf, TARGETS } from '../../support/differential';

/** Shapes: whole tiles, parts of tiles, sides that are no vectors, and sides too short for a tile. */
const CASES: readonly (readonly [shape: Shape, perm: readonly number[]])[] = [
  [
    [64, 96],
    [1, 0],
  ],
  [
    [36, 100],
    [1, 0],
  ],
  [
    [31, 67],
    [1, 0],
  ],
  [
    [16, 33],
    [1, 0],
  ],
  [
    [7, 129],
    [1, 0],
  ],
  [
    [1, 40],
    [1, 0],
  ],
  [
    [3, 20, 24],
    [0, 2, 1],
  ],
  [
    [17, 3, 19],
    [2, 1, 0],
  ],
  // NHWC to NCHW and back; rows of 5 pixels are no vectors, planes of 20 are.
  [
    [2, 4, 5, 24],
    [0, 3, 1, 2],
  ],
  [
    [2, 24, 5, 7],
    [0, 2, 3, 1],
  ],
  [
    [1, 16, 1, 20],
    [3, 2, 1, 0],
  ],
  // The last axis stays: no transposition is needed.
  [
    [5, 6, 7, 8],
    [1, 0, 2, 3],
  ],
  [
    [2, 17, 3, 2, 18],
    [4, 0, 3, 2, 1],
  ],
  [
    [2, 3, 2, 16, 2, 10],
    [5, 3, 0, 1, 4, 2],
  ],
];

const input = (b: GraphBuilder, shape: Shape, dtype: DType = 'float32'): Value =>
  b.input({ shape, dtype });

describe('Transpose', () => {
  test.each(CASES)('%j by %j', (shape, perm) =>
    checkFused((b) => b.op('Transpose', [input(b, shape)], { perm }), { targets: TARGETS }),
  );

  test.each(['int32', 'bool'] as const)('of %s', async (dtype) => {
    for (const shape of [
      [32, 20],
      [33, 17],
    ]) {
      await checkFused((b) => b.op('Transpose', [input(b, shape, dtype)], { perm: [1, 0] }));
    }
  });

  test('NaN, infinities and zeros of both signs pass', async () => {
    const special = [NaN, Infinity, -Infinity, -0, 0, 3.4e38, 1e-30];
    const values = Array.from({ length: 20 * 24 }, (_, i) => special[i % special.length]);
    await checkFused((b) => b.op('Transpose', [input(b, [20, 24])], { perm: [1, 0] }), {
      inputs: [values],
    });
  });
});

describe('loops around a transposition', () => {
  const both = { targets: ['software', 'gpu'] } as const;
  const turned = (b: GraphBuilder, x: Value): Value => b.op('Transpose', [x], { perm: [1, 0] });

  test.each([
    [24, 40],
    [23, 37],
  ])('what stands in front of it and what follows, [%d,%d]', async (rows, columns) => {
    const plan = await checkFused((b) => {
      const before = b.op('Add', [b.op('Relu', [input(b, [rows, columns])]), input(b, [columns])]);
      const after = b.op('Multiply', [turned(b, before), input(b, [columns, rows])]);
      return b.op('Neg', [b.op('Add', [after, input(b, [columns, 1])])]);
    }, both);
    expect(labelsOf(plan)).toHaveLength(1);
  });

  test('two operands transposed alike, one otherwise', async () => {
    const plan = await checkFused((b) => {
      const sum = b.op('Add', [turned(b, input(b, [40, 28])), turned(b, input(b, [40, 28]))]);
      const third = b.op('Transpose', [input(b, [2, 20, 28])], { perm: [2, 0, 1] });
      return b.op('Maximum', [sum, b.reshape(third, [28, 40])]);
    }, both);
    expect(labelsOf(plan)).toHaveLength(1);
  });

  test('a reshape after it, and another result beside it', async () => {
    await checkFused((b) => {
      const y = b.reshape(turned(b, input(b, [48, 32])), [4, 8, 48]);
      return b.op('Abs', [y]);
    }, both);
    await checkFused((b) => {
      const y = turned(b, input(b, [48, 32]));
      return [b.reshape(b.op('Neg', [y]), [8, 4, 6, 8]), b.op('Square', [y])];
    }, both);
  });

  test('an operand that is broadcast to the transposed one', () =>
    checkFused(
      (b) =>
        b.op('Sub', [
          b.op('Transpose', [input(b, [2, 20, 36])], { perm: [0, 2, 1] }),
          turned(b, input(b, [20, 36])),
        ]),
      both,
    ));
});
