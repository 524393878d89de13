/**
 * Calls that stock's WebGPU kernels answer wrongly, or not at all: an invalid shader, another shape, other
 * elements than `cpu`. Found by running every kernel over types, ranks and attributes
 * (`test/support/kernel-sweep`, `test/support/edge-sweep`), which also holds that nothing else is wrong. Where a
 * kernel has a lowering, a plan of its own runs instead; else `cpu` does, or stock where only rare values suffer.
 */
import { backend_util, util, type TensorInfo } from '@tensorflow/tfjs-core';

export type StockOperand = Readonly<Pick<TensorInfo, 'shape' | 'dtype'>>;
type Attributes = Readonly<Record<string, unknown>>;

type StockLimits = Pick<GPUSupportedLimits, 'maxStorageBuffersPerShaderStage'>;

export interface Unsound {
  readonly kernels: readonly string[];
  /** Right for all but rare values: without a plan of its own, stock answers. */
  readonly isRare?: boolean;
  when(operands: readonly StockOperand[], attrs: Attributes, limits: StockLimits): boolean;
}

export const isInteger = ({ dtype }: StockOperand): boolean =>
  dtype === 'int32' || dtype === 'bool';

const highest = (operands: readonly StockOperand[]): number =>
  Math.max(...operands.map(({ shape }) => shape.length));

/** Whether stock moves the axes that it combines to the end first. */
function isTransposed({ shape }: StockOperand, { axis, reductionIndices }: Attributes): boolean {
  const given = (axis ?? reductionIndices ?? undefined) as number | number[];
  const axes = util.parseAxisParam(given, shape);
  return backend_util.getAxesPermutation(axes, shape.length) !== null;
}

const BINARY = [
  ...['Add', 'Sub', 'Multiply', 'RealDiv', 'FloorDiv', 'Mod', 'Pow', 'Atan2', 'Prelu'],
  ...['Maximum', 'Minimum', 'SquaredDifference', 'Equal', 'NotEqual', 'Greater', 'GreaterEqual'],
  ...['Less', 'LessEqual', 'LogicalAnd', 'LogicalOr'],
];

/** Kernels of numbers whose operands are all of one type. */
const OF_NUMBERS = [
  ...BINARY,
  ...[
    'Abs',
    'Neg',
    'Sign',
    'Square',
    'Relu',
    'Relu6',
    'ClipByValue',
    'AddN',
    'Max',
    'Min',
    'Sum',
    'Prod',
  ],
  ...['Cumsum', 'Cumprod', 'MaxPool', 'ArgMax', 'ArgMin', 'Diag'],
];

/** Functions of floats, which `cpu` computes of integers and truth values in doubles, and stores as such. */
const OF_FLOATS = [
  ...['Acos', 'Acosh', 'Asin', 'Asinh', 'Atan', 'Atan2', 'Atanh', 'Ceil', 'Cos', 'Cosh', 'Elu'],
  ...[
    'Erf',
    'Exp',
    'Expm1',
    'Floor',
    'LeakyRelu',
    'Log',
    'Log1p',
    'RealDiv',
    'Reciprocal',
    'Round',
  ],
  ...['Rsqrt', 'Selu', 'Sigmoid', 'Sin', 'Sinh', 'Softplus', 'Sqrt', 'Step', 'Tan', 'Tanh'],
];

/** Kernels that move elements of their first operand, or of all. */
const MOVING = [
  ...[
    'Reverse',
    'Slice',
    'StridedSlice',
    'Tile',
    'Concat',
    'Pack',
    'Unpack',
    'SplitV',
    'BroadcastTo',
  ],
  ...[
    'PadV2',
    'MirrorPad',
    'SpaceToBatchND',
    'BatchToSpaceND',
    'DepthToSpace',
    'ResizeNearestNeighbor',
  ],
];

const isWide = (value: unknown): boolean =>
  typeof value === 'number' && !(Math.abs(value) <= 2 ** 24);

const TABLE: readonly Unsound[] = [
  {
    kernels: [...OF_NUMBERS, ...MOVING],
    // Integers are floats on the way: wrong above 2^24, and where they would wrap.
    isRare: true,
    when: (operands) => operands.some(({ dtype }) => dtype === 'int32'),
  },
  {
    kernels: ['Select'],
    // Integers are floats on the way: wrong above 2^24, and where they would wrap.
    isRare: true,
    when: ([, ...values]) => values.some(({ dtype }) => dtype === 'int32'),
  },
  {
    kernels: ['OneHot', 'Fill'],
    // Integers are floats on the way: wrong above 2^24, and where they would wrap.
    isRare: true,
    when: (_, { dtype, value, onValue, offValue }) =>
      dtype === 'int32' && [value, onValue, offValue].some(isWide),
  },
  {
    kernels: ['GatherV2', 'GatherNd'],
    // Indices outside multiply by zero, which NaN and infinities outlive, or read what lies there.
    isRare: true,
    when: () => true,
  },
  {
    kernels: ['Cast'],
    // NaN, infinities and what is beyond an integer become other integers.
    isRare: true,
    when: ([x], { dtype }) => x.dtype === 'float32' && dtype === 'int32',
  },
  {
    kernels: ['FloorDiv'],
    // NaN, infinities and what is beyond an integer become other integers.
    isRare: true,
    when: (operands) => operands.some(({ dtype }) => dtype !== 'int32'),
  },
  {
    kernels: ['Mod'],
    // An infinite divisor leaves NaN, and NaN becomes other integers.
    isRare: true,
    when: (operands) => operands.some(({ dtype }) => dtype !== 'int32'),
  },
  {
    kernels: ['Atan2', 'Pow', 'Acosh', 'Asinh'],
    // Of zeros, of infinities, or of large numbers they are others.
    isRare: true,
    when: (operands) => operands.some(({ dtype }) => dtype === 'float32'),
  },
  {
    kernels: OF_FLOATS,
    // NaN, infinities and what is beyond an integer become other integers.
    when: (operands) => operands.some(isInteger),
  },
  {
    kernels: ['Relu6'],
    // NaN becomes a bound.
    isRare: true,
    when: ([x]) => x.dtype === 'float32',
  },
  {
    kernels: ['ScatterNd', 'SparseToDense', 'TensorScatterUpdate'],
    // Integers are floats on the way: wrong above 2^24, and where they would wrap.
    when: (operands) => operands[operands.length - 1].dtype === 'int32',
  },
  {
    kernels: ['UnsortedSegmentSum'],
    // What belongs to no segment is added to another.
    when: () => true,
  },
  {
    kernels: ['SparseSegmentMean', 'SparseSegmentSum'],
    // Terms are added up as threads come to it: other last digits in each run.
    isRare: true,
    when: ([data]) => data.dtype === 'float32',
  },
  {
    kernels: BINARY,
    // The shader that broadcasts indexes a vector of more than four components.
    when: (operands) =>
      highest(operands) >= 5 && !util.arraysEqual(operands[0].shape, operands[1].shape),
  },
  {
    kernels: [
      ...['Select', 'Reverse', 'StridedSlice', 'PadV2', 'MirrorPad', 'Cumsum', 'Cumprod'],
      ...['SpaceToBatchND', 'BatchToSpaceND'],
    ],
    // There is no valid shader above rank 4, or no answer.
    when: (operands) => highest(operands) >= 5,
  },
  {
    kernels: ['Select'],
    // A vector of conditions does not choose rows.
    when: ([condition, t]) => condition.shape.length < t.shape.length,
  },
  {
    kernels: ['Transpose'],
    // Integers become floats on the way: an invalid shader, or wrong above 2^24.
    when: ([x]) => isInteger(x) && x.shape.length > 1,
  },
  {
    kernels: [
      ...['Sum', 'Mean', 'Max', 'Min', 'Prod', 'All', 'Any', 'ArgMax', 'ArgMin'],
      ...['Cumsum', 'Cumprod'],
    ],
    // It transposes integers, which is an invalid shader.
    when: ([x], attrs) => isInteger(x) && isTransposed(x, attrs),
  },
  {
    kernels: ['SpaceToBatchND', 'BatchToSpaceND'],
    // It transposes integers, which is an invalid shader.
    when: ([x]) => isInteger(x),
  },
  {
    kernels: ['Cumsum', 'Cumprod'],
    // Sums of truth values are called truth values.
    when: ([x]) => x.dtype === 'bool',
  },
  {
    kernels: ['Prod'],
    // Of few elements that are on the host, dimensions to be kept are not.
    when: (_, { keepDims }) => Boolean(keepDims),
  },
  {
    kernels: ['Cumsum', 'Cumprod'],
    // Backwards, shaders for axes of other lengths are taken for the same.
    when: (_, { reverse }) => Boolean(reverse),
  },
  {
    kernels: ['Max', 'Min'],
    // Truth values become integers.
    when: ([x]) => x.dtype === 'bool',
  },
  {
    kernels: ['BatchMatMul', '_FusedMatMul'],
    // Integers are multiplied and added as floats, which do not wrap.
    when: ([a, b]) => isInteger(a) && isInteger(b),
  },
  {
    kernels: ['MaxPool'],
    // Windows of NaN, and of nothing above -1e20, have that for their largest.
    isRare: true,
    when: ([x]) => x.dtype === 'float32',
  },
  {
    kernels: ['BatchMatMul', '_FusedMatMul'],
    // What is outside of a matrix is read and multiplied by zero, which NaN and infinities outlive.
    isRare: true,
    when: (operands) => operands.some(({ dtype }) => dtype === 'float32'),
  },
  {
    kernels: ['ArgMax', 'ArgMin'],
    // Of equal elements it is not the first of many.
    isRare: true,
    when: () => true,
  },
  {
    kernels: ['ArgMax', 'ArgMin'],
    // The result of a vector is of rank 1.
    when: ([x]) => x.shape.length === 1,
  },
  {
    kernels: ['Pow'],
    // Integers are rounded towards zero.
    when: (operands) => operands.some(({ dtype }) => dtype === 'int32'),
  },
  {
    kernels: ['AddN'],
    // One shader cannot bind as many buffers.
    when: (operands, _, { maxStorageBuffersPerShaderStage: most }) => operands.length >= most,
  },
  {
    kernels: ['StridedSlice'],
    // An axis that is dropped is missing in the indices, an invalid shader.
    when: (_, { shrinkAxisMask, newAxisMask, strides }) =>
      (Boolean(shrinkAxisMask) || Boolean(newAxisMask)) &&
      (strides as number[] | null)?.some((stride) => stride !== 1) === true,
  },
  {
    kernels: ['Sub'],
    // A difference of truth values is no byte.
    when: (operands) => operands.every(({ dtype }) => dtype === 'bool'),
  },
  {
    kernels: ['Neg'],
    // A bool is negated as a number is.
    when: ([x]) => x.dtype === 'bool',
  },
  {
    kernels: ['TopK'],
    // Integers are compared as floats, wrong above 2^24.
    when: ([x]) => x.dtype === 'int32',
  },
  {
    kernels: ['Concat'],
    // Operands of another type than the first are stored as they are, or converted by a shader.
    when: ([first, ...others]) => others.some(({ dtype }) => dtype !== first.dtype),
  },
  {
    kernels: ['BitwiseAnd'],
    // There is no such kernel.
    when: () => true,
  },
  {
    kernels: ['ScatterNd', 'SparseToDense'],
    // The shader adds truth values to floats.
    when: (operands) => operands.some(({ dtype }) => dtype === 'bool'),
  },
  {
    kernels: ['CropAndResize'],
    // A box of an image that is not there is left as memory was, and images count as boxes do.
    when: () => true,
  },
  {
    kernels: ['Transform'],
    // One transformation for all images is read for the first only.
    when: ([images, transforms]) => transforms.shape[0] !== images.shape[0],
  },
];

const byKernel = new Map<string, Unsound[]>();
for (const row of TABLE) {
  for (const kernel of row.kernels) byKernel.set(kernel, [...(byKernel.get(kernel) ?? []), row]);
}

/**
 * What stock's kernel may get wrong; null where nothing is known. Asked once a kernel: each call of one that runs at
 * once is judged by these.
 */
export function unsoundCallsOf(kernel: string): readonly Unsound[] | null {
  return byKernel.get(kernel) ?? null;
}

/**
 * The one of `rows` that a call is, if any; one that suffers whatever its values before one that rarely does.
 *
 * @param operands in the order in which the kernel names them.
 */
export function unsoundness(
  rows: readonly Unsound[],
  operands: readonly StockOperand[],
  attrs: Attributes,
  limits: StockLimits,
): Unsound | null {
  let found: Unsound | null = null;
  for (const row of rows) {
    if (found && row.isRare) continue;
    if (!row.when(operands, attrs, limits)) continue;
    if (!row.isRare) return row;
    found = row;
  }
  return found;
}
