import type { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import { checkFused, labelsOf } from '../../support/differential';

const float = (b: GraphBuilder, shape: readonly number[]) => b.input({ shape, dtype: 'float32' });

type Prologue = (b: GraphBuilder) => Value;

/** Each makes an image of 6 × 5 pixels and 8 channels out of inputs. */
const prologues: readonly (readonly [name: string, prologue: Prologue])[] = [
  [
    'pad',
    (b) =>
      b.op('PadV2', [float(b, [1, 4, 4, 8])], {
        paddings: [
          [0, 0],
          [1, 1],
          [0, 1],
          [0, 0],
        ],
        constantValue: 2,
      }),
  ],
  [
    'pad of channels',
    (b) =>
      b.op('PadV2', [float(b, [1, 6, 5, 5])], {
        paddings: [
          [0, 0],
          [0, 0],
          [0, 0],
          [1, 2],
        ],
        constantValue: 0,
      }),
  ],
  ['transpose', (b) => b.transpose(float(b, [8, 6, 1, 5]), [2, 1, 3, 0])],
  ['slice', (b) => b.slice(float(b, [2, 8, 7, 12]), [1, 2, 0, 4], [1, 6, 5, 8])],
  ['slice, unaligned', (b) => b.slice(float(b, [1, 6, 5, 11]), [0, 0, 0, 3], [1, 6, 5, 8])],
  [
    'strided slice, negative strides',
    (b) => b.slice(float(b, [1, 12, 9, 9]), [0, 11, 8, 8], [1, 6, 5, 8], [1, -2, -2, -1]),
  ],
  ['reverse', (b) => b.op('Reverse', [float(b, [1, 6, 5, 8])], { dims: [1, 3] })],
  ['tile', (b) => b.op('Tile', [float(b, [1, 3, 5, 4])], {}, [], [1, 6, 5, 8])],
  ['tile, unaligned', (b) => b.op('Tile', [float(b, [1, 6, 1, 2])], {}, [], [1, 6, 5, 8])],
  ['broadcast', (b) => b.broadcastTo(float(b, [6, 1, 8]), [1, 6, 5, 8])],
  [
    'gather, constant',
    (b) =>
      b.op('GatherV2', [float(b, [1, 4, 5, 8]), b.hostConstant([6], 'int32', [3, 1, 1, 0, 2, 3])], {
        axis: 1,
        batchDims: 0,
      }),
  ],
  [
    'gather of channels, dynamic',
    (b) => {
      const picks = b.op('Abs', [b.input({ shape: [8], dtype: 'int32' })]);
      return b.op('GatherV2', [float(b, [1, 6, 5, 4]), picks], { axis: 3, batchDims: 0 });
    },
  ],
  [
    'gather, two-dimensional indices',
    (b) => {
      const picks = b.hostConstant(
        [6, 5],
        'int32',
        Array.from({ length: 30 }, (_, i) => i % 7),
      );
      return b.op('GatherV2', [float(b, [1, 7, 8]), picks], { axis: 1, batchDims: 0 });
    },
  ],
  [
    'concat of rows',
    (b) => b.op('Concat', [float(b, [1, 2, 5, 8]), float(b, [1, 4, 5, 8])], { axis: 1 }),
  ],
  [
    'concat of channels',
    (b) => b.op('Concat', [float(b, [1, 6, 5, 4]), float(b, [1, 6, 5, 4])], { axis: 3 }),
  ],
  [
    'concat of channels, unaligned',
    (b) =>
      b.op('Concat', [float(b, [1, 6, 5, 3]), float(b, [1, 6, 5, 1]), float(b, [1, 6, 5, 4])], {
        axis: 3,
      }),
  ],
  [
    'a slice across the parts of a concat',
    (b) => {
      const both = b.op('Concat', [float(b, [1, 6, 5, 8]), float(b, [1, 6, 5, 4])], { axis: 3 });
      return b.slice(both, [0, 0, 0, 2], [1, 6, 5, 8]);
    },
  ],
  [
    'mirror pad, reflect',
    (b) =>
      b.op('MirrorPad', [float(b, [1, 3, 3, 7])], {
        paddings: [
          [0, 0],
          [2, 1],
          [1, 1],
          [0, 1],
        ],
        mode: 'reflect',
      }),
  ],
  [
    'mirror pad, symmetric',
    (b) =>
      b.op('MirrorPad', [float(b, [1, 3, 3, 4])], {
        paddings: [
          [0, 0],
          [2, 1],
          [0, 2],
          [2, 2],
        ],
        mode: 'symmetric',
      }),
  ],
  [
    'channel gate',
    (b) => {
      const gate = b.op('Relu6', [float(b, [1, 1, 1, 8])]);
      return b.op('Multiply', [float(b, [1, 6, 5, 8]), gate]);
    },
  ],
  [
    'one movement after another',
    (b) => {
      const reversed = b.op('Reverse', [float(b, [4, 5, 6])], { dims: [1, 2] });
      const flat = b.transpose(b.reshape(reversed, [10, 12]), [1, 0]);
      const paddings = [
        [0, 0],
        [1, 1],
      ];
      const padded = b.op('PadV2', [flat], { paddings, constantValue: -1 });
      return b.reshape(b.slice(padded, [1, 0], [10, 12]), [1, 6, 5, 4]);
    },
  ],
];

const attrs = {
  strides: [1, 1],
  dilations: [1, 1],
  pad: { top: 1, bottom: 1, left: 1, right: 1 },
};

describe('computed while it is loaded', () => {
  test.each(prologues)('%s', async (_name, prologue) => {
    const plan = await checkFused(
      (b) => {
        const x = prologue(b);
        return b.op('Conv2D', [x, float(b, [3, 2, x.shape[3], 4])], attrs);
      },
      { targets: ['software'] },
    );
    expect(labelsOf(plan)).toEqual([expect.stringMatching(/(^| → )Conv2D$/)]);
  });

  test.each([
    [
      'BatchMatMul',
      (b: GraphBuilder, x: Value) =>
        b.op('BatchMatMul', [b.reshape(x, [30, 8]), float(b, [8, 5])], {
          transposeA: false,
          transposeB: false,
        }),
    ],
    [
      'DepthwiseConv2dNative',
      (b: GraphBuilder, x: Value) =>
        b.op('DepthwiseConv2dNative', [x, float(b, [3, 3, 8, 1])], attrs),
    ],
    [
      'MaxPool',
      (b: GraphBuilder, x: Value) => b.op('MaxPool', [x], { ...attrs, filterSize: [3, 3] }),
    ],
    ['Sum', (b: GraphBuilder, x: Value) => b.op('Sum', [x], { axes: [1, 2], keepDims: false })],
    ['ArgMax', (b: GraphBuilder, x: Value) => b.op('ArgMax', [x], { axis: 3 })],
  ])('by %s, a transpose and a pad', async (kernel, anchor) => {
    const plan = await checkFused((b) => {
      const paddings = [
        [0, 0],
        [2, 0],
        [0, 1],
        [0, 0],
      ];
      const turned = b.transpose(float(b, [8, 4, 1, 4]), [2, 1, 3, 0]);
      return anchor(b, b.op('PadV2', [turned], { paddings, constantValue: 1 }));
    });
    expect(labelsOf(plan)).toEqual([kernel]);
  });
});

describe('by a loop', () => {
  test.each(prologues)('%s', (_name, prologue) =>
    checkFused((b) => b.op('Neg', [prologue(b)]), { targets: ['software'] }),
  );
});

describe('gather', () => {
  test('with batch dimensions', () =>
    checkFused((b) => {
      const picks = b.hostConstant([2, 3], 'int32', [4, 0, 1, 2, 2, 3]);
      return b.op('GatherV2', [float(b, [2, 5, 3]), picks], { axis: 1, batchDims: 1 });
    }));
});

// Four comparisons among arguments: without parentheses WGSL reads `row0 < a, b >= c` as a template.
test('padding of a transposed operand, lane by lane', () =>
  checkFused((b) => {
    const paddings = [
      [1, 1],
      [0, 1],
    ];
    const padded = b.op('PadV2', [float(b, [6, 7])], { paddings, constantValue: 0 });
    const attrs = { transposeA: true, transposeB: false };
    return b.op('BatchMatMul', [padded, float(b, [8, 5])], attrs);
  }));
