import type { GraphBuilder } from '../../../src/ir/builder';
import type { DType, Value } from '../../../src/ir/graph';
import { checkFused, labelsOf } from '../../support/differential';

const SPECIAL = [NaN, Infinity, -Infinity, 0, -1, 2, 1e30, -1e-30];

type Ops = (b: GraphBuilder, x: Value, y: Value) => Value;

/** What each dtype is put through, in one kernel with several outputs. */
const chains: readonly (readonly [name: string, dtype: DType, ops: readonly Ops[]])[] = [
  [
    'arithmetic',
    'float32',
    [
      (b, x, y) => b.op('Sub', [b.op('Multiply', [x, y]), x]),
      (b, x, y) => b.op('SquaredDifference', [x, y]),
      (b, x) => b.op('Relu6', [b.op('Add', [x, b.scalar(3)])]),
    ],
  ],
  [
    'integers',
    'int32',
    [
      (b, x, y) => b.op('Sub', [b.op('Multiply', [x, y]), x]),
      (b, x, y) => b.op('FloorDiv', [x, b.op('Add', [b.op('Abs', [y]), b.scalar(1, 'int32')])]),
      (b, x, y) => b.op('Maximum', [b.op('Neg', [x]), y]),
      (b, x) => b.cast(x, 'bool'),
      (b, x) => b.op('Multiply', [b.cast(x, 'float32'), b.scalar(0.5)]),
    ],
  ],
  [
    'bools',
    'bool',
    [
      (b, x, y) => b.op('LogicalAnd', [x, b.op('LogicalNot', [y])]),
      (b, x, y) => b.op('LogicalOr', [x, y]),
      (b, x) => b.op('Add', [b.cast(x, 'float32'), b.scalar(1)]),
      (b, x, y) => b.op('Select', [x, b.cast(y, 'int32'), b.scalar(7, 'int32')]),
    ],
  ],
  [
    'comparisons',
    'float32',
    [
      (b, x, y) => b.op('Greater', [x, y]),
      (b, x, y) => b.op('Equal', [x, y]),
      (b, x, y) => b.op('Select', [b.op('LessEqual', [x, y]), x, y]),
      (b, x) => b.cast(x, 'int32'),
    ],
  ],
];

describe('one loop, several outputs', () => {
  const shapes: readonly (readonly [readonly number[], readonly number[]])[] = [
    [[], []],
    [[7], [7]],
    [
      [2, 3, 4],
      [2, 3, 4],
    ],
    [[2, 3, 4], [4]],
    [
      [2, 3, 5],
      [2, 1, 5],
    ],
    [
      [2, 1, 2, 1, 2, 3],
      [2, 1, 1, 2, 1],
    ],
  ];
  describe.each(chains)('%s', (_name, dtype, ops) => {
    test.each(shapes.map(([x, y]) => [`[${x}] and [${y}]`, x, y] as const))('%s', (_, xs, ys) =>
      checkFused((b) => {
        const x = b.input({ shape: xs, dtype });
        const y = b.input({ shape: ys, dtype });
        return ops.map((op) => op(b, x, y));
      }),
    );
  });

  test('is one dispatch where shapes agree', async () => {
    const plan = await checkFused((b) => {
      const x = b.input({ shape: [3, 4], dtype: 'float32' });
      const sum = b.op('Add', [x, b.scalar(1)]);
      return [sum, b.op('Relu', [sum])];
    });
    expect(labelsOf(plan)).toEqual(['Add → Relu']);
  });
});

describe('NaN and infinities', () => {
  test('pass through chains as they pass through kernels run one by one', () =>
    checkFused(
      (b) => {
        const x = b.input({ shape: [8, 1], dtype: 'float32' });
        const y = b.input({ shape: [8], dtype: 'float32' });
        const product = b.op('Multiply', [x, y]);
        const clip = { clipValueMin: -4, clipValueMax: 4 };
        return [
          b.op('Relu', [product]),
          b.op('ClipByValue', [b.op('Add', [product, y])], clip),
          b.op('Maximum', [x, y]),
          b.op('Select', [b.op('Greater', [x, y]), x, b.op('Neg', [y])]),
          b.op('IsNan', [b.op('Sub', [x, y])]),
        ];
      },
      { inputs: [SPECIAL, SPECIAL] },
    ));

  test('quotients by zeros that the text tells, of either sign', () =>
    checkFused(
      (b) => {
        const x = b.input({ shape: [8], dtype: 'float32' });
        const isPositive = b.op('Greater', [x, b.scalar(0)]);
        const choices = [
          [-0, -0],
          [0, -0],
          [0, 1],
        ].map(([t, e]) => b.op('Select', [isPositive, b.scalar(t), b.scalar(e)]));
        const divisors = [b.scalar(0), b.scalar(-0), ...choices];
        return [
          ...divisors.map((divisor) => b.op('RealDiv', [x, divisor])),
          b.op('Multiply', [x, choices[2]]),
        ];
      },
      { inputs: [SPECIAL] },
    ));

  test.each(['Max', 'Min', 'Sum'])('%s', (kernel) =>
    checkFused(
      (b) => {
        const x = b.input({ shape: [4, 8], dtype: 'float32' });
        return [
          b.op(kernel, [x], { axes: [1], keepDims: false }),
          b.op(kernel, [x], { axes: [0], keepDims: true }),
        ];
      },
      {
        inputs: [
          [...[1, NaN, 3, 4, 5, 6, 7, 8], ...Array<number>(8).fill(-Infinity)].concat(
            [1, Infinity, 2, 3, 4, 5, 6, 7],
            [7, 6, 5, 4, 3, 2, 1, 0],
          ),
        ],
      },
    ),
  );

  test('a padded convolution does not multiply what lies outside', () =>
    checkFused(
      (b) => {
        const x = b.input({ shape: [1, 2, 2, 4], dtype: 'float32' });
        const filter = b.input({ shape: [3, 3, 4, 4], dtype: 'float32' });
        const pad = { top: 1, bottom: 1, left: 1, right: 1 };
        return b.op('DepthwiseConv2dNative', [x, b.slice(filter, [0, 0, 0, 0], [3, 3, 4, 1])], {
          strides: [1, 1],
          dilations: [1, 1],
          pad,
        });
      },
      // Finite taps only where x is: infinity times a padding of 0 would be NaN.
      { inputs: [Array<number>(16).fill(Infinity), Array<number>(144).fill(1)] },
    ));
});

describe('empty tensors are refused', () => {
  test('with a reason', () => {
    const build = (kernel: string, shape: number[]) =>
      checkFused((b) => {
        const x = b.input({ shape, dtype: 'float32' });
        return b.op(kernel, [x], { axes: [0], keepDims: false });
      });
    return Promise.all([
      expect(build('Sum', [0, 3])).rejects.toThrow('no elements'),
      expect(build('Relu', [2, 0])).rejects.toThrow('no elements'),
    ]);
  });
});
