import { GraphBuilder } from '../../../src/ir/builder';
import type { Attrs, DType, Shape } from '../../../src/ir/graph';
import { inferOutput, isPrimitive, RefusedError } from '../../../src/ir/infer';

type Operand = Shape | { shape: Shape; dtype: DType };

function values(operands: readonly Operand[]) {
  const b = new GraphBuilder();
  return operands.map((operand) =>
    b.input('dtype' in operand ? operand : { shape: operand, dtype: 'float32' }),
  );
}

const window = {
  strides: [2, 2],
  dilations: [1, 1],
  pad: { top: 0, bottom: 1, left: 0, right: 1 },
};

const inferred: [string, Operand[], Attrs, Shape | undefined, Shape, DType?][] = [
  [
    'Add',
    [
      [2, 1, 3],
      [4, 1],
    ],
    {},
    undefined,
    [2, 4, 3],
  ],
  ['Greater', [[3], []], {}, undefined, [3], 'bool'],
  ['Reshape', [[2, 6]], {}, [3, 4], [3, 4]],
  ['Transpose', [[2, 3, 4]], { perm: [2, 0, 1] }, undefined, [4, 2, 3]],
  ['Slice', [[7]], { begin: [6], strides: [-2] }, [4], [4]],
  [
    'PadV2',
    [[2, 3]],
    {
      paddings: [
        [1, 2],
        [0, 4],
      ],
      constantValue: 0,
    },
    undefined,
    [5, 7],
  ],
  [
    'Concat',
    [
      [2, 3],
      [2, 1],
    ],
    { axis: 1 },
    undefined,
    [2, 4],
  ],
  ['Tile', [[2, 3]], {}, [4, 3], [4, 3]],
  [
    'GatherV2',
    [[2, 5, 3], { shape: [2, 4], dtype: 'int32' }],
    { axis: 1, batchDims: 1 },
    undefined,
    [2, 4, 3],
  ],
  ['ResizeBilinear', [[1, 4, 4, 2]], {}, [1, 8, 6, 2], [1, 8, 6, 2]],
  [
    'Conv2D',
    [
      [1, 6, 7, 3],
      [3, 3, 3, 8],
    ],
    window,
    undefined,
    [1, 3, 3, 8],
  ],
  [
    'DepthwiseConv2dNative',
    [
      [1, 6, 7, 3],
      [3, 3, 3, 2],
    ],
    window,
    undefined,
    [1, 3, 3, 6],
  ],
  [
    'Conv2DBackpropInput',
    [
      [1, 3, 3, 8],
      [3, 3, 5, 8],
    ],
    window,
    [1, 6, 6, 5],
    [1, 6, 6, 5],
  ],
  ['MaxPool', [[1, 6, 7, 3]], { ...window, filterSize: [2, 2] }, undefined, [1, 3, 4, 3]],
  [
    'BatchMatMul',
    [
      [2, 1, 3, 4],
      [5, 6, 4],
    ].map((s) => (s.length === 3 ? [1, ...s] : s)),
    { transposeA: false, transposeB: true },
    undefined,
    [2, 5, 3, 6],
  ],
  [
    'Mean',
    [{ shape: [2, 3], dtype: 'int32' }],
    { axes: [1], keepDims: true },
    undefined,
    [2, 1],
    'float32',
  ],
  ['ArgMax', [[2, 3, 4]], { axis: 1 }, undefined, [2, 4], 'int32'],
];

describe('inferOutput', () => {
  it.each(inferred)('%s of %j', (kernel, operands, attrs, shape, expected, dtype = 'float32') => {
    const spec = inferOutput(kernel, values(operands), attrs, shape);
    expect(spec).toMatchObject({ shape: expected, dtype });
  });

  const refused: [string, Operand[], Attrs, Shape | undefined, string][] = [
    ['Add', [[2], [3]], {}, undefined, 'do not broadcast'],
    ['Sigmoid', [{ shape: [2], dtype: 'int32' }], {}, undefined, 'no form'],
    ['Reshape', [[5]], {}, [2, 3], 'cannot become'],
    ['Slice', [[4]], { begin: [3], strides: [1] }, [2], 'leaves'],
    [
      'Concat',
      [
        [2, 3],
        [3, 3],
      ],
      { axis: 1 },
      undefined,
      'cannot concatenate',
    ],
    [
      'Conv2D',
      [
        [1, 6, 7, 3],
        [3, 3, 4, 8],
      ],
      window,
      undefined,
      'does not match filter',
    ],
    [
      'Conv2DBackpropInput',
      [
        [1, 3, 3, 8],
        [3, 3, 5, 8],
      ],
      window,
      [1, 9, 6, 5],
      'does not match',
    ],
    [
      'BatchMatMul',
      [
        [2, 3],
        [2, 3],
      ],
      { transposeA: false, transposeB: false },
      undefined,
      'do not fit',
    ],
    ['FFT', [[4]], {}, undefined, 'no kernel FFT'],
  ];

  it.each(refused)('refuses %s of %j', (kernel, operands, attrs, shape, reason) => {
    const infer = () => inferOutput(kernel, values(operands), attrs, shape);
    expect(infer).toThrow(RefusedError);
    expect(infer).toThrow(reason);
  });

  it('knows the names of primitives', () => {
    expect(['Conv2D', 'Relu6', 'FusedConv2D'].map(isPrimitive)).toEqual([true, true, false]);
  });
});
