import type { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import { checkFused, labelsOf, type TargetName } from '../../support/differential';
import { exhaustively } from '../../support/exhaustively';
import type { ToleranceName } from '../../support/tolerance';

const CHANNELS = 8;
const pad = { top: 1, bottom: 1, left: 1, right: 1 };
const window = { strides: [1, 1], dilations: [1, 1], pad };

const float = (b: GraphBuilder, shape: readonly number[]) => b.input({ shape, dtype: 'float32' });

/** `x · relu6(x + 3) / 6` and its likes, as converters write them. */
const hardSwish = (b: GraphBuilder, x: Value) => {
  const gate = b.op('Relu6', [b.op('Add', [x, b.scalar(3)])]);
  return b.op('Multiply', [b.op('Multiply', [x, gate]), b.scalar(1 / 6)]);
};
const gelu = (b: GraphBuilder, x: Value) => {
  const erf = b.op('Erf', [b.op('Multiply', [x, b.scalar(Math.SQRT1_2)])]);
  return b.op('Multiply', [b.op('Multiply', [x, b.scalar(0.5)]), b.op('Add', [erf, b.scalar(1)])]);
};
const clip = { clipValueMin: -0.5, clipValueMax: 1.5 };

type Epilogue = (b: GraphBuilder, x: Value) => Value | readonly Value[];

const epilogues: readonly (readonly [name: string, tolerance: ToleranceName, run: Epilogue])[] = [
  ['bias', 'exact', (b, x) => b.op('Add', [x, float(b, [CHANNELS])])],
  ['bias in front', 'exact', (b, x) => b.op('Sub', [float(b, [CHANNELS]), x])],
  ['per-channel scale', 'exact', (b, x) => b.op('Multiply', [x, float(b, [1, 1, 1, CHANNELS])])],
  ['residual', 'exact', (b, x) => b.op('Add', [x, float(b, x.shape)])],
  ['an operand for each row', 'exact', (b, x) => b.op('Multiply', [x, float(b, [1, 5, 1, 1])])],
  ['an operand of one element', 'exact', (b, x) => b.op('Add', [x, float(b, [1])])],
  ['prelu', 'exact', (b, x) => b.op('Prelu', [x, float(b, [1, 1, CHANNELS])])],
  ['clip', 'exact', (b, x) => b.op('ClipByValue', [x], clip)],
  ['comparison', 'exact', (b, x) => b.op('Greater', [x, float(b, [CHANNELS])])],
  ['itself twice', 'exact', (b, x) => b.op('Multiply', [x, x])],
  ['hard-swish', 'summation', hardSwish],
  ['swish', 'transcendental', (b, x) => b.op('Multiply', [x, b.op('Sigmoid', [x])])],
  ['gelu', 'transcendental', gelu],
  [
    'sigmoid gate of another value',
    'transcendental',
    (b, x) => b.op('Multiply', [x, b.op('Sigmoid', [float(b, x.shape)])]),
  ],
  ['two outputs', 'exact', (b, x) => [x, b.op('Relu', [b.op('Add', [x, float(b, [CHANNELS])])])]],
  [
    'a layout change inside',
    'exact',
    (b, x) => {
      const rows = b.reshape(x, [30, CHANNELS]);
      const biased = b.op('Add', [rows, float(b, [CHANNELS])]);
      return b.op('Relu', [b.transpose(biased, [1, 0])]);
    },
  ],
];

/** Those whose operands and results lie otherwise than bias and result of a layer do, and that one. */
const OF_ANY_SIZE = ['bias', 'residual', 'an operand for each row', 'a layout change inside'];

function targetsOf(epilogue: string): readonly TargetName[] {
  const anySize = ['any size'] as const;
  return ['software', 'gpu', ...(OF_ANY_SIZE.includes(epilogue) ? anySize : exhaustively(anySize))];
}

describe('Conv2D', () => {
  test.each(epilogues)('%s', async (name, tolerance, epilogue) => {
    const plan = await checkFused(
      (b) => {
        const x = float(b, [1, 5, 6, 4]);
        const filter = float(b, [3, 3, 4, CHANNELS]);
        return epilogue(b, b.op('Conv2D', [x, filter], window));
      },
      { tolerance, targets: targetsOf(name) },
    );
    expect(plan.dispatches).toHaveLength(1);
  });
});

type Anchor = (b: GraphBuilder) => Value;

const anchors: readonly (readonly [kernel: string, anchor: Anchor])[] = [
  [
    'Conv2D',
    (b) =>
      b.op('Conv2D', [float(b, [2, 4, 5, 3]), float(b, [1, 1, 3, 5])], {
        ...window,
        pad: { top: 0, bottom: 0, left: 0, right: 0 },
      }),
  ],
  [
    'Conv2DBackpropInput',
    (b) => {
      const operands = [float(b, [1, 3, 4, 4]), float(b, [2, 2, 8, 4])];
      const attrs = { strides: [2, 2], pad: { top: 0, bottom: 0, left: 0, right: 0 } };
      return b.op('Conv2DBackpropInput', operands, attrs, [], [1, 6, 8, 8]);
    },
  ],
  [
    'DepthwiseConv2dNative',
    (b) => b.op('DepthwiseConv2dNative', [float(b, [1, 6, 7, 8]), float(b, [3, 3, 8, 1])], window),
  ],
  [
    'BatchMatMul',
    (b) =>
      b.op('BatchMatMul', [float(b, [2, 6, 8]), float(b, [1, 8, 12])], {
        transposeA: false,
        transposeB: false,
      }),
  ],
  ['AvgPool', (b) => b.op('AvgPool', [float(b, [1, 6, 6, 4])], { ...window, filterSize: [3, 3] })],
  ['MaxPool', (b) => b.op('MaxPool', [float(b, [1, 6, 6, 3])], { ...window, filterSize: [3, 3] })],
  ['Mean', (b) => b.op('Mean', [float(b, [2, 5, 6, 8])], { axes: [1, 2], keepDims: true })],
  ['Sum', (b) => b.op('Sum', [float(b, [5, 200])], { axes: [1], keepDims: false })],
  ['Softmax', (b) => b.op('Softmax', [float(b, [3, 2, 12])])],
  ['LogSoftmax', (b) => b.op('LogSoftmax', [float(b, [3, 130])])],
];

describe('every anchor takes in a channel scale, a residual, an activation, and two outputs', () => {
  test.each(anchors)('%s', async (kernel, anchor) => {
    const plan = await checkFused(
      (b) => {
        const x = anchor(b);
        const scaled = b.op('Multiply', [x, float(b, x.shape.slice(-1))]);
        const sum = b.op('Add', [scaled, float(b, x.shape)]);
        return [sum, b.op('Sigmoid', [sum])];
      },
      { tolerance: 'transcendental' },
    );
    expect(labelsOf(plan)).toEqual([`${kernel} → Multiply → Add → Sigmoid`]);
  });

  test('ArgMax', async () => {
    const plan = await checkFused((b) => {
      const x = b.op('ArgMax', [float(b, [4, 9])], { axis: 1 });
      return [x, b.op('Greater', [x, b.scalar(3, 'int32')])];
    });
    expect(labelsOf(plan)).toEqual(['ArgMax → Greater']);
  });
});

describe('what is not one dispatch is right as well', () => {
  test('a diamond whose other side is a convolution', () =>
    checkFused((b) => {
      const x = float(b, [1, 5, 6, 4]);
      const left = b.op('Conv2D', [x, float(b, [1, 1, 4, 8])], {
        ...window,
        pad: { top: 0, bottom: 0, left: 0, right: 0 },
      });
      const right = b.op('Conv2D', [left, float(b, [3, 3, 8, 8])], window);
      return b.op('Relu', [b.op('Add', [left, right])]);
    }));

  test('a result that is broadcast up', () =>
    checkFused((b) => {
      const x = float(b, [1, 5, 6, 8]);
      const mean = b.op('Max', [x], { axes: [1, 2], keepDims: true });
      return b.op('Sub', [x, mean]);
    }));

  test('a result that meets its own transpose', () =>
    checkFused((b) => {
      const square = b.op('BatchMatMul', [float(b, [8, 5]), float(b, [5, 8])], {
        transposeA: false,
        transposeB: false,
      });
      return b.op('Add', [square, b.transpose(square, [1, 0])]);
    }));

  test('a layout that changes and changes back', () =>
    checkFused((b) => {
      const x = b.op('Conv2D', [float(b, [1, 5, 6, 4]), float(b, [3, 3, 4, 8])], window);
      const there = b.op('Relu', [b.reshape(x, [15, 16])]);
      return b.op('Add', [x, b.reshape(there, x.shape)]);
    }));

  test('two convolutions that each could take in a sum of both', () =>
    checkFused((b) => {
      const first = b.op('Conv2D', [float(b, [1, 5, 6, 4]), float(b, [3, 3, 4, 8])], window);
      const cut = b.slice(first, [0, 0, 0, 0], [1, 4, 6, 8]);
      const second = b.op('Conv2D', [float(b, [1, 5, 6, 4]), float(b, [3, 3, 4, 8])], window);
      const sum = b.op('Add', [first, second]);
      const padded = b.op('PadV2', [cut], {
        paddings: [
          [0, 0],
          [0, 1],
          [0, 0],
          [0, 0],
        ],
        constantValue: 0,
      });
      return [sum, b.op('Add', [second, padded])];
    }));
});
