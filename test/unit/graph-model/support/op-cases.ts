import type { Attrs } from './test-graph';
import { attr } from './test-graph';

type DType = 'float32' | 'int32' | 'bool';

/** An operand: a tensor that is fed, or a weight. */
export interface Operand {
  readonly kind: 'fed' | 'weight';
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Elements; made up if missing. */
  readonly values?: readonly number[];
}

/** One node to import and compare with what tfjs computes. */
export interface OpCase {
  readonly op: string;
  readonly what: string;
  readonly operands: readonly Operand[];
  readonly attrs?: Attrs;
  /** How many outputs to compare. */
  readonly outputs?: number;
}

export const fed = (shape: readonly number[], dtype: DType = 'float32'): Operand => ({
  kind: 'fed',
  shape,
  dtype,
});

const weight = (shape: readonly number[], dtype: DType = 'float32'): Operand => ({
  kind: 'weight',
  shape,
  dtype,
});

const ints = (...values: number[]): Operand => ({
  kind: 'weight',
  shape: [values.length],
  dtype: 'int32',
  values,
});

const int = (value: number): Operand => ({ ...ints(value), shape: [] });

const grid = (rows: number[][]): Operand => ({
  ...ints(...rows.flat()),
  shape: [rows.length, rows[0].length],
});

const scalar = (value: number): Operand => ({
  kind: 'weight',
  shape: [],
  dtype: 'float32',
  values: [value],
});

const unary = ['Abs', 'Neg', 'Square', 'Exp', 'Relu', 'Relu6', 'Sign', 'Round', 'Softplus', 'Elu'];
const unaryMore = ['Selu', 'Sigmoid', 'Tanh', 'Floor', 'Ceil', 'Erf', 'IsNan', 'Cos', 'Atan'];
const binary = ['AddV2', 'Sub', 'Mul', 'RealDiv', 'Maximum', 'Minimum', 'SquaredDifference'];
const compare = ['Equal', 'NotEqual', 'Less', 'LessEqual', 'Greater', 'GreaterEqual'];

const elementwise: OpCase[] = [
  ...[...unary, ...unaryMore].map((op) => ({ op, what: 'float', operands: [fed([3, 5])] })),
  ...binary.map((op) => ({ op, what: 'broadcast', operands: [fed([2, 3, 1]), fed([4])] })),
  ...binary.map((op) => ({ op, what: 'ints', operands: [fed([3], 'int32'), fed([3], 'int32')] })),
  ...compare.map((op) => ({ op, what: 'mixed types', operands: [fed([3]), fed([3], 'int32')] })),
  { op: 'AddN', what: 'three', operands: [fed([2, 3]), fed([2, 3]), weight([2, 3])] },
  { op: 'BiasAdd', what: 'vector', operands: [fed([2, 3, 5]), weight([5])] },
  { op: 'DivNoNan', what: 'zeros', operands: [fed([3]), { ...weight([3]), values: [0, 2, 0] }] },
  { op: 'FloorDiv', what: 'ints', operands: [fed([5], 'int32'), int(2)] },
  { op: 'Mod', what: 'negative', operands: [fed([5]), scalar(0.7)] },
  { op: 'Pow', what: 'square', operands: [fed([5]), scalar(2)] },
  { op: 'Maximum', what: 'bools', operands: [fed([4], 'bool'), fed([4], 'bool')] },
  { op: 'LogicalAnd', what: 'bools', operands: [fed([4], 'bool'), fed([1], 'bool')] },
  { op: 'LogicalNot', what: 'bools', operands: [fed([4], 'bool')] },
  { op: 'SelectV2', what: 'broadcast', operands: [fed([4], 'bool'), fed([3, 4]), scalar(0)] },
  {
    op: 'ClipByValue',
    what: 'range',
    operands: [fed([7]), scalar(-0.5), scalar(0.25)],
  },
  { op: 'ClipByValue', what: 'one value', operands: [fed([7]), scalar(1), scalar(1)] },
  { op: 'LeakyRelu', what: 'default', operands: [fed([7])] },
  { op: 'LeakyRelu', what: 'alpha', operands: [fed([7])], attrs: { alpha: attr.f(0.1) } },
  { op: 'Prelu', what: 'channels', operands: [fed([2, 3, 4]), weight([4])] },
  ...(['int32', 'bool', 'float32'] as const).map((to) => ({
    op: 'Cast',
    what: `to ${to}`,
    operands: [fed([5])],
    attrs: { DstT: attr.type(to) },
  })),
];

const shape: OpCase[] = [
  { op: 'BroadcastArgs', what: 'shapes', operands: [ints(2, 1), ints(3, 1, 4)] },
  { op: 'LinSpace', what: 'five', operands: [scalar(-1), scalar(1.5), int(5)] },
  { op: 'Identity', what: 'float', operands: [fed([3])] },
  { op: 'IdentityN', what: 'two', operands: [fed([3]), fed([2, 2])], outputs: 2 },
  { op: 'Reshape', what: 'implicit', operands: [fed([2, 6]), ints(3, -1)] },
  { op: 'Squeeze', what: 'all', operands: [fed([1, 3, 1, 2])] },
  {
    op: 'Squeeze',
    what: 'axis, deprecated name',
    operands: [fed([1, 3, 1])],
    attrs: { squeeze_dims: attr.ints([-1]) },
  },
  { op: 'ExpandDims', what: 'last', operands: [fed([3, 2]), int(-1)] },
  { op: 'Shape', what: 'rank 3', operands: [fed([3, 1, 2])] },
  { op: 'Size', what: 'rank 2', operands: [fed([3, 5])] },
  { op: 'Rank', what: 'rank 2', operands: [fed([3, 5])] },
  { op: 'ZerosLike', what: 'ints', operands: [fed([3], 'int32')] },
  { op: 'OnesLike', what: 'float', operands: [fed([3, 2])] },
  { op: 'Fill', what: 'fed value', operands: [ints(2, 3), fed([])] },
  {
    op: 'OneHot',
    what: 'out of range',
    operands: [fed([2, 3], 'int32'), int(3), scalar(5), scalar(-1)],
    attrs: { T: attr.type('float32') },
  },
  {
    op: 'Range',
    what: 'down by 1',
    operands: [scalar(5), scalar(1), scalar(1)],
    attrs: { Tidx: attr.type('float32') },
  },
  {
    op: 'Range',
    what: 'fractions',
    operands: [scalar(0), scalar(1), scalar(0.3)],
    attrs: { Tidx: attr.type('float32') },
  },
];

const movement: OpCase[] = [
  { op: 'Transpose', what: 'rank 3', operands: [fed([2, 3, 4]), ints(2, 0, 1)] },
  { op: 'ConcatV2', what: 'last axis', operands: [fed([2, 3]), weight([2, 1]), int(-1)] },
  {
    op: 'ConcatV2',
    what: 'three',
    operands: [fed([1, 3]), fed([2, 3]), fed([1, 3]), int(0)],
    attrs: { N: attr.i(3) },
  },
  {
    op: 'Pack',
    what: 'axis 1',
    operands: [fed([2, 3]), fed([2, 3])],
    attrs: { axis: attr.i(1) },
  },
  { op: 'Unpack', what: 'last', operands: [fed([2, 3])], attrs: { axis: attr.i(-1) }, outputs: 3 },
  {
    op: 'Split',
    what: 'halves',
    operands: [int(1), fed([2, 6])],
    attrs: { num_split: attr.i(2) },
    outputs: 2,
  },
  { op: 'SplitV', what: 'rest', operands: [fed([7, 2]), ints(2, -1), int(0)], outputs: 2 },
  { op: 'Tile', what: 'both', operands: [fed([2, 3]), ints(2, 3)] },
  { op: 'BroadcastTo', what: 'new axis', operands: [fed([3, 1]), ints(2, 3, 4)] },
  {
    op: 'Pad',
    what: 'zeros',
    operands: [
      fed([2, 3]),
      grid([
        [1, 0],
        [0, 2],
      ]),
    ],
  },
  {
    op: 'PadV2',
    what: 'value',
    operands: [
      fed([2, 3]),
      grid([
        [1, 2],
        [3, 0],
      ]),
      scalar(-7),
    ],
  },
  {
    op: 'MirrorPad',
    what: 'reflect',
    operands: [
      fed([3, 4]),
      grid([
        [1, 2],
        [0, 3],
      ]),
    ],
    attrs: { mode: attr.s('REFLECT') },
  },
  {
    op: 'MirrorPad',
    what: 'symmetric',
    operands: [fed([3]), grid([[3, 2]])],
    attrs: { mode: attr.s('SYMMETRIC') },
  },
  { op: 'ReverseV2', what: 'negative axis', operands: [fed([3, 4]), ints(-1)] },
  { op: 'Slice', what: 'to the end', operands: [fed([4, 5]), ints(1, 2), ints(2, -1)] },
  {
    op: 'GatherV2',
    what: 'axis 1',
    operands: [fed([3, 4, 2]), ints(2, 0, 0), int(1)],
  },
  {
    op: 'GatherV2',
    what: 'batch',
    operands: [
      fed([2, 3, 4]),
      grid([
        [2, 0],
        [1, 1],
      ]),
      int(1),
    ],
    attrs: { batch_dims: attr.i(1) },
  },
  {
    op: 'GatherNd',
    what: 'pairs',
    operands: [
      fed([3, 4, 2]),
      grid([
        [2, 3],
        [0, 1],
      ]),
    ],
  },
  { op: 'GatherNd', what: 'rows', operands: [fed([3, 4]), grid([[2], [0]])] },
  {
    op: 'ScatterNd',
    what: 'rows that meet',
    operands: [grid([[2], [0], [2], [2]]), fed([4, 3]), ints(5, 3)],
  },
  {
    op: 'ScatterNd',
    what: 'elements of integers, by a vector of indices',
    operands: [ints(3, 1), fed([2], 'int32'), ints(4)],
  },
  {
    op: 'ScatterNd',
    what: 'pairs, one of which leaves its axis',
    operands: [
      grid([
        [0, 3],
        [2, 1],
      ]),
      fed([2, 2]),
      ints(3, 2, 2),
    ],
  },
  {
    op: 'TensorScatterUpdate',
    what: 'rows, the last of several',
    operands: [fed([4, 3]), grid([[1], [3], [1]]), fed([3, 3])],
  },
  {
    op: 'TensorScatterUpdate',
    what: 'all truth values',
    operands: [fed([2], 'bool'), grid([[1], [0]]), fed([2], 'bool')],
  },
  {
    op: 'SparseToDense',
    what: 'pairs',
    operands: [
      grid([
        [0, 1],
        [2, 3],
        [0, 1],
      ]),
      ints(3, 4),
      fed([3]),
      scalar(9),
    ],
  },
  { op: 'SparseToDense', what: 'one value', operands: [ints(0, 3, 2), ints(6), fed([]), int(-1)] },
  ...['ResizeBilinear', 'ResizeNearestNeighbor'].flatMap((op): OpCase[] => [
    { op, what: 'up', operands: [fed([1, 3, 4, 2]), ints(5, 8)] },
    {
      op,
      what: 'corners, rank 3',
      operands: [fed([3, 4, 2]), ints(5, 7)],
      attrs: { align_corners: attr.b(true) },
    },
    {
      op,
      what: 'half pixels, down',
      operands: [fed([2, 6, 5, 1]), ints(3, 2)],
      attrs: { half_pixel_centers: attr.b(true) },
    },
  ]),
  {
    op: 'SpaceToBatchND',
    what: 'padded',
    operands: [
      fed([2, 3, 4, 1]),
      ints(2, 2),
      grid([
        [0, 1],
        [0, 0],
      ]),
    ],
  },
  {
    op: 'BatchToSpaceND',
    what: 'cropped',
    operands: [
      fed([8, 2, 3, 1]),
      ints(2, 2),
      grid([
        [0, 1],
        [1, 0],
      ]),
    ],
  },
  {
    op: 'DepthToSpace',
    what: 'blocks of 2',
    operands: [fed([2, 2, 3, 8])],
    attrs: { block_size: attr.i(2), data_format: attr.s('NHWC') },
  },
];

interface Masks {
  begin?: number;
  end?: number;
  ellipsis?: number;
  newAxis?: number;
  shrink?: number;
}

function stridedSlice(what: string, x: number[], index: number[][], masks: Masks): OpCase {
  const [begin, end, strides] = index;
  return {
    op: 'StridedSlice',
    what,
    operands: [fed(x), ints(...begin), ints(...end), ints(...strides)],
    attrs: {
      begin_mask: attr.i(masks.begin ?? 0),
      end_mask: attr.i(masks.end ?? 0),
      ellipsis_mask: attr.i(masks.ellipsis ?? 0),
      new_axis_mask: attr.i(masks.newAxis ?? 0),
      shrink_axis_mask: attr.i(masks.shrink ?? 0),
    },
  };
}

const slices: OpCase[] = [
  stridedSlice(
    'plain',
    [4, 5],
    [
      [1, 2],
      [3, 5],
      [1, 1],
    ],
    {},
  ),
  stridedSlice(
    'steps',
    [7, 5],
    [
      [0, 0],
      [0, 0],
      [2, 3],
    ],
    { begin: 3, end: 3 },
  ),
  stridedSlice('backwards', [6], [[-1], [-6], [-2]], {}),
  stridedSlice('all backwards', [5], [[0], [0], [-1]], { begin: 1, end: 1 }),
  stridedSlice(
    'drops an axis',
    [4, 5],
    [
      [1, 0],
      [2, 0],
      [1, 1],
    ],
    { begin: 2, end: 2, shrink: 1 },
  ),
  stridedSlice(
    'ellipsis',
    [2, 3, 4],
    [
      [0, 1],
      [0, 2],
      [1, 1],
    ],
    { ellipsis: 1 },
  ),
  stridedSlice(
    'new axis',
    [3, 4],
    [
      [0, 1],
      [0, 3],
      [1, 1],
    ],
    { newAxis: 1 },
  ),
  stridedSlice('everything', [3, 4], [[0], [0], [1]], { begin: 1, end: 1 }),
];

const conv = (padding: string, strides: number[], more: Attrs = {}): Attrs => ({
  padding: attr.s(padding),
  strides: attr.ints(strides),
  dilations: attr.ints([1, 1, 1, 1]),
  data_format: attr.s('NHWC'),
  ...more,
});

const volume: Attrs = {
  dilations: attr.ints([1, 1, 1, 1, 1]),
  data_format: attr.s('NDHWC'),
};

const fused = (...ops: string[]): Attrs => ({
  fused_ops: attr.strings(ops),
  num_args: attr.i(ops.includes('Prelu') ? 2 : 1),
});

const windows: OpCase[] = [
  {
    op: 'Conv2D',
    what: 'SAME, stride 2, odd',
    operands: [fed([2, 7, 5, 3]), weight([3, 3, 3, 4])],
    attrs: conv('SAME', [1, 2, 2, 1]),
  },
  {
    op: 'Conv2D',
    what: 'VALID, rank 3',
    operands: [fed([6, 5, 2]), weight([2, 3, 2, 3])],
    attrs: conv('VALID', [1, 1, 1, 1]),
  },
  {
    op: 'Conv2D',
    what: 'EXPLICIT',
    operands: [fed([1, 5, 6, 2]), weight([3, 2, 2, 3])],
    attrs: conv('EXPLICIT', [1, 2, 1, 1], {
      explicit_paddings: attr.ints([0, 0, 1, 2, 0, 1, 0, 0]),
    }),
  },
  {
    op: 'Conv2D',
    what: 'dilated',
    operands: [fed([1, 9, 8, 2]), weight([3, 3, 2, 2])],
    attrs: conv('SAME', [1, 1, 1, 1], { dilations: attr.ints([1, 2, 3, 1]) }),
  },
  {
    op: 'Conv2D',
    what: 'NCHW',
    operands: [fed([1, 3, 6, 5]), weight([3, 3, 3, 4])],
    attrs: conv('SAME', [1, 1, 1, 1], { data_format: attr.s('NCHW') }),
  },
  {
    op: '_FusedConv2D',
    what: 'bias and relu6',
    operands: [fed([1, 6, 5, 3]), weight([1, 1, 3, 4]), weight([4])],
    attrs: conv('SAME', [1, 1, 1, 1], fused('BiasAdd', 'Relu6')),
  },
  {
    op: '_FusedConv2D',
    what: 'bias and prelu',
    operands: [fed([1, 4, 4, 3]), weight([3, 3, 3, 2]), weight([2]), weight([1, 1, 2])],
    attrs: conv('SAME', [1, 1, 1, 1], fused('BiasAdd', 'Prelu')),
  },
  {
    op: '_FusedConv2D',
    what: 'bias and leakyrelu',
    operands: [fed([1, 4, 4, 3]), weight([3, 3, 3, 2]), weight([2])],
    attrs: {
      ...conv('SAME', [1, 1, 1, 1], fused('BiasAdd', 'LeakyRelu')),
      leakyrelu_alpha: attr.f(0.3),
    },
  },
  {
    op: 'DepthwiseConv2dNative',
    what: 'multiplier 2',
    operands: [fed([1, 6, 5, 3]), weight([3, 3, 3, 2])],
    attrs: conv('SAME', [1, 2, 2, 1]),
  },
  {
    op: 'FusedDepthwiseConv2dNative',
    what: 'bias and elu',
    operands: [fed([1, 6, 5, 3]), weight([2, 3, 3, 1]), weight([3])],
    attrs: conv('VALID', [1, 1, 1, 1], fused('BiasAdd', 'Elu')),
  },
  {
    op: 'Conv2DBackpropInput',
    what: 'SAME, stride 2',
    operands: [ints(1, 6, 8, 2), weight([3, 3, 2, 4]), fed([1, 3, 4, 4])],
    attrs: conv('SAME', [1, 2, 2, 1]),
  },
  {
    op: 'Conv1D',
    what: 'SAME',
    operands: [fed([2, 9, 3]), weight([4, 3, 5])],
    attrs: { stride: attr.i(2), padding: attr.s('SAME'), dilation: attr.i(1) },
  },
  {
    op: 'Conv3D',
    what: 'SAME, strides',
    operands: [fed([2, 3, 7, 5, 3]), weight([3, 3, 2, 3, 4])],
    attrs: conv('SAME', [1, 1, 2, 2, 1], volume),
  },
  {
    op: 'Conv3D',
    what: 'VALID, rank 4, dilated',
    operands: [fed([5, 6, 7, 2]), weight([2, 2, 3, 2, 3])],
    attrs: conv('VALID', [1, 1, 1, 1, 1], { ...volume, dilations: attr.ints([1, 2, 1, 3, 1]) }),
  },
  ...['MaxPool3D', 'AvgPool3D'].map((op): OpCase => ({
    op,
    what: 'SAME',
    operands: [fed([1, 5, 7, 6, 3])],
    attrs: conv('SAME', [1, 2, 2, 1, 1], { ...volume, ksize: attr.ints([1, 2, 3, 2, 1]) }),
  })),
  ...['MaxPool', 'AvgPool'].flatMap((op): OpCase[] => [
    {
      op,
      what: 'SAME, odd',
      operands: [fed([1, 5, 7, 3])],
      attrs: { ...conv('SAME', [1, 2, 2, 1]), ksize: attr.ints([1, 3, 2, 1]) },
    },
    {
      op,
      what: 'VALID, rank 3',
      operands: [fed([5, 7, 3])],
      attrs: { ...conv('VALID', [1, 1, 2, 1]), ksize: attr.ints([1, 2, 3, 1]) },
    },
  ]),
];

const crop = (what: string, method: string, box: readonly number[]): OpCase => ({
  op: 'CropAndResize',
  what,
  operands: [
    fed([2, 5, 6, 3]),
    { ...fed([2, 4]), values: [...box, 0.1, 0.15, 0.9, 0.8] },
    { ...fed([2], 'int32'), values: [1, 0] },
    ints(3, 4),
  ],
  attrs: { method: attr.s(method), extrapolation_value: attr.f(7) },
});

const crops: OpCase[] = [
  crop('bilinear', 'bilinear', [0.2, 0.3, 0.7, 0.6]),
  crop('nearest, flipped', 'nearest', [0.9, 0.8, 0.1, 0.13]),
  crop('outside', 'bilinear', [-0.5, -0.25, 1.5, 1.25]),
];

const products: OpCase[] = [
  { op: 'MatMul', what: 'ints', operands: [fed([3, 4], 'int32'), fed([4, 2], 'int32')] },
  {
    op: 'BatchMatMulV2',
    what: 'ints, broadcast and transposed',
    operands: [fed([2, 3, 4, 3], 'int32'), fed([5, 4], 'int32')],
    attrs: { adj_x: attr.b(true), adj_y: attr.b(true) },
  },
  {
    op: 'MatMul',
    what: 'transposed',
    operands: [fed([4, 3]), weight([5, 4])],
    attrs: { transpose_a: attr.b(true), transpose_b: attr.b(true) },
  },
  { op: 'BatchMatMulV2', what: 'broadcast', operands: [fed([2, 1, 3, 4]), fed([4, 5])] },
  {
    op: 'BatchMatMul',
    what: 'adjoint',
    operands: [fed([2, 3, 4]), fed([2, 5, 4])],
    attrs: { adj_y: attr.b(true) },
  },
  {
    op: '_FusedMatMul',
    what: 'bias and sigmoid',
    operands: [fed([3, 4]), weight([4, 5]), weight([5])],
    attrs: fused('BiasAdd', 'Sigmoid'),
  },
  ...[
    'ij,jk->ik',
    'abc,cd->abd',
    'abf,fe->abe',
    'bhqd,bhkd->bhqk',
    'ij,ij->i',
    'i,j->ij',
    'bij,ib->bj',
  ].map((equation) => ({
    op: 'Einsum',
    what: equation,
    operands: equation
      .split('->')[0]
      .split(',')
      .map((term) => fed([...term].map((label) => 2 + (label.charCodeAt(0) % 4)))),
    attrs: { equation: attr.s(equation) },
  })),
  {
    op: 'Einsum',
    what: 'ijk->ki',
    operands: [fed([2, 3, 4])],
    attrs: { equation: attr.s('ijk->ki') },
  },
];

const reductions: OpCase[] = [
  ...['Sum', 'Mean', 'Max', 'Min', 'Prod'].flatMap((op): OpCase[] => [
    { op, what: 'middle', operands: [fed([2, 3, 4]), ints(1)] },
    {
      op,
      what: 'negative axes, kept',
      operands: [fed([2, 3, 4]), ints(-1, 0)],
      attrs: { keep_dims: attr.b(true) },
    },
  ]),
  { op: 'EuclideanNorm', what: 'last', operands: [fed([2, 3]), ints(-1)] },
  { op: 'Mean', what: 'ints', operands: [fed([2, 3], 'int32'), ints(1)] },
  { op: 'Max', what: 'bools', operands: [fed([2, 3], 'bool'), ints(1)] },
  { op: 'Min', what: 'bools', operands: [fed([2, 3], 'bool'), ints(0)] },
  { op: 'Neg', what: 'bools', operands: [fed([2, 3], 'bool')] },
  { op: 'Sum', what: 'bools', operands: [fed([2, 3], 'bool'), int(0)] },
  { op: 'All', what: 'bools', operands: [fed([2, 3], 'bool'), ints(1)] },
  { op: 'Any', what: 'bools', operands: [fed([2, 3], 'bool'), ints(0, 1)] },
  ...['Cumsum', 'Cumprod'].flatMap((op): OpCase[] => [
    { op, what: 'last', operands: [fed([2, 5, 3]), int(2)] },
    {
      op,
      what: 'backwards, without the element itself',
      operands: [fed([2, 5, 3]), int(1)],
      attrs: { exclusive: attr.b(true), reverse: attr.b(true) },
    },
  ]),
  { op: 'TopKV2', what: 'values', operands: [fed([2, 5, 7]), int(3)] },
  { op: 'ArgMax', what: 'axis 1', operands: [fed([2, 5, 3]), int(1)] },
  { op: 'ArgMin', what: 'last', operands: [fed([2, 5]), int(-1)] },
  { op: 'Softmax', what: 'rank 3', operands: [fed([2, 3, 5])] },
  { op: 'LogSoftmax', what: 'rank 2', operands: [fed([2, 5])] },
  {
    op: 'FusedBatchNormV3',
    what: 'channels',
    operands: [
      fed([2, 3, 2, 4]),
      weight([4]),
      weight([4]),
      weight([4]),
      { ...weight([4]), values: [0.5, 1, 2, 0.25] },
    ],
    attrs: { epsilon: attr.f(0.01) },
  },
];

/** Cases for the importers; each is compared with tfjs's own execution of the same node. */
export const opCases: readonly OpCase[] = [
  ...elementwise,
  ...shape,
  ...movement,
  ...slices,
  ...windows,
  ...crops,
  ...products,
  ...reductions,
];
