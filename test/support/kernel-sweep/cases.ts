/** Every kernel of tfjs that computes, over types, ranks, broadcasting and the edges of its attributes. */
import * as tf from '@tensorflow/tfjs-core';
import { ints, make, positive, SHAPES, type SweptType } from './data';

export interface SweepCase {
  readonly name: string;
  readonly run: () => tf.Tensor | tf.Tensor[];
  /** What says the right answer on `cpu`, where that is not the same call. */
  readonly reference?: () => tf.Tensor | tf.Tensor[];
}

const TYPES: readonly SweptType[] = ['float32', 'int32', 'bool'];
const NUMBERS: readonly SweptType[] = ['float32', 'int32'];

const cases: SweepCase[] = [];
const add = (name: string, run: SweepCase['run']): number => cases.push({ name, run });

/** A case for each type and shape. */
function each(
  name: string,
  types: readonly SweptType[],
  shapes: readonly number[][],
  run: (x: () => tf.Tensor, shape: number[], dtype: SweptType) => SweepCase['run'] | null,
): void {
  for (const dtype of types) {
    for (const shape of shapes) {
      const body = run(() => make(shape, dtype), shape, dtype);
      if (body) add(`${name} ${dtype} [${shape}]`, body);
    }
  }
}

const kernel = (name: string, inputs: object, attrs: object = {}): tf.Tensor | tf.Tensor[] =>
  tf.engine().runKernel(name, inputs as tf.NamedTensorMap, attrs as tf.NamedAttrMap);

const RANKED = SHAPES.filter(({ length }) => length > 0);
const EMPTY = [[0], [0, 3], [2, 0, 3]];

// Elementwise.
const UNARY: Record<string, readonly SweptType[]> = {
  ...Object.fromEntries(['Abs', 'Neg', 'Sign', 'Square', 'Relu', 'Relu6'].map((k) => [k, TYPES])),
  ...Object.fromEntries(
    [
      ...['Acos', 'Acosh', 'Asin', 'Asinh', 'Atan', 'Atanh', 'Ceil', 'Cos', 'Cosh', 'Elu', 'Erf'],
      ...['Exp', 'Expm1', 'Floor', 'IsFinite', 'IsInf', 'IsNan', 'Log', 'Log1p', 'Reciprocal'],
      ...['Round', 'Rsqrt', 'Selu', 'Sigmoid', 'Sin', 'Sinh', 'Softplus', 'Sqrt', 'Tan', 'Tanh'],
      ...['Step', 'LeakyRelu'],
    ].map((k) => [k, TYPES]),
  ),
  LogicalNot: ['bool'],
  ZerosLike: TYPES,
  OnesLike: TYPES,
};
for (const [name, types] of Object.entries(UNARY)) {
  each(
    name,
    types,
    [[7], [2, 1, 3, 2, 1, 3], [0, 3]],
    (x) => () => kernel(name, { x: x() }, { alpha: 0.2 }),
  );
}
for (const from of TYPES) {
  for (const dtype of TYPES) {
    each(
      `Cast to ${dtype}`,
      [from],
      [[], [7], [2, 3, 1, 5], [0]],
      (x) => () => kernel('Cast', { x: x() }, { dtype }),
    );
  }
}
const BINARY: Record<string, readonly SweptType[]> = {
  ...Object.fromEntries(
    ['Add', 'Sub', 'Multiply', 'Maximum', 'Minimum', 'SquaredDifference', 'FloorDiv', 'Mod'].map(
      (k) => [k, TYPES],
    ),
  ),
  ...Object.fromEntries(['Atan2', 'RealDiv', 'Prelu'].map((k) => [k, TYPES])),
  ...Object.fromEntries(
    ['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual'].map((k) => [k, TYPES]),
  ),
  LogicalAnd: ['bool'],
  LogicalOr: ['bool'],
};
const BROADCASTS: [number[], number[]][] = [
  [[], []],
  [[7], []],
  [[5, 3], [3]],
  [
    [5, 1],
    [1, 3],
  ],
  [
    [2, 3, 1, 5],
    [3, 4, 1],
  ],
  [
    [2, 1, 3, 2, 3],
    [2, 3],
  ],
  [
    [2, 1, 3, 2, 3],
    [4, 1, 2, 1],
  ],
  [
    [2, 1, 3, 2, 1, 3],
    [2, 1, 1, 2, 4, 1],
  ],
  [[3], [2, 1, 3, 2, 1, 3]],
  [[0, 3], [3]],
];
for (const [name, types] of Object.entries(BINARY)) {
  for (const dtype of types) {
    for (const [a, b] of BROADCASTS) {
      if (name === 'Prelu' && b.length > a.length) continue;
      add(`${name} ${dtype} [${a}] [${b}]`, () => {
        const divides = name === 'FloorDiv' || name === 'Mod';
        const [x, y] = [make(a, dtype, 1), make(b, dtype, 2)];
        // Truth values and integers are divided by zero as well.
        const other = divides && dtype === 'float32' ? tf.add(tf.abs(y), 1) : y;
        return kernel(name, name === 'Prelu' ? { x, alpha: other } : { a: x, b: other });
      });
    }
  }
}
for (const dtype of TYPES) {
  for (const other of TYPES) {
    add(`Concat ${dtype} and ${other}`, () => {
      const edges = tf.tensor1d([NaN, Infinity, -Infinity, 2 ** 31, -1.5]);
      return tf.concat([make([3], dtype), other === 'float32' ? edges : make([5], other)]);
    });
  }
}
add('Round int32 large', () => tf.round(ints([16777217, -16777219, 2147483647])));
add('Neg bool', () => tf.neg(make([5, 3], 'bool')));
add('Pow float32', () => tf.pow(positive([5, 3]), make([3])));
add('Pow int32', () => tf.pow(ints([2, 3, 4, 5]), ints([0, 1, 2, 3])));
each('ClipByValue', NUMBERS, [[7], [2, 1, 3, 2, 3]], (x) => () => tf.clipByValue(x(), -1, 2));
each(
  'Select',
  TYPES,
  RANKED,
  (x, shape, dtype) => () => tf.where(make(shape, 'bool', 3), x(), make(shape, dtype, 2)),
);
each(
  'Select by rows',
  TYPES,
  RANKED.slice(1),
  (x, shape, dtype) => () =>
    kernel('Select', { condition: make([shape[0]], 'bool', 3), t: x(), e: make(shape, dtype, 2) }),
);
for (const count of [1, 2, 7, 8, 9, 16, 17, 33, 70]) {
  each(
    `AddN of ${count}`,
    NUMBERS,
    [[5, 3]],
    (_, shape, dtype) => () =>
      tf.addN(Array.from({ length: count }, (__, i) => make(shape, dtype, i + 1))),
  );
}

// Reductions.
for (const name of ['Sum', 'Mean', 'Max', 'Min', 'Prod', 'All', 'Any'] as const) {
  const types = name === 'All' || name === 'Any' ? (['bool'] as const) : TYPES;
  each(name, types, [...RANKED, [3, 0]], (x, shape) => {
    return () => {
      const f = { Sum: tf.sum, Mean: tf.mean, Max: tf.max, Min: tf.min, Prod: tf.prod, All: tf.all, Any: tf.any }[name]; // prettier-ignore
      return [f(x()), ...shape.map((_, axis) => f(x(), axis, axis % 2 === 0))];
    };
  });
}
for (const name of ['ArgMax', 'ArgMin'] as const) {
  each(
    name,
    NUMBERS,
    RANKED,
    (x, shape) => () =>
      shape.map((_, axis) => (name === 'ArgMax' ? tf.argMax : tf.argMin)(x(), axis)),
  );
}
for (const name of ['Cumsum', 'Cumprod'] as const) {
  for (const exclusive of [false, true]) {
    for (const reverse of [false, true]) {
      each(`${name}${exclusive ? ' exclusive' : ''}${reverse ? ' reverse' : ''}`, NUMBERS, [...RANKED, [2, 0]],
        (x, shape) => () => shape.map((_, axis) => kernel(name, { x: x() }, { axis, exclusive, reverse }) as tf.Tensor)); // prettier-ignore
    }
  }
}
each('Softmax', ['float32'], RANKED, (x) => () => tf.softmax(x()));
each('LogSoftmax', ['float32'], RANKED, (x) => () => tf.logSoftmax(x()));
for (const k of [1, 2, 3, 5]) {
  each(`TopK ${k}`, NUMBERS, [[7], [5, 3], [2, 3, 1, 5], [2, 1, 3, 2, 3], [2, 1, 3, 2, 1, 3]], (x, shape) =>
    k > shape[shape.length - 1] ? null : () => {
      const { values } = tf.topk(x(), k);
      return values;
    }); // prettier-ignore
}
add('TopK int32 above 2^24', () =>
  Object.values(tf.topk(ints([16777216, 16777217, 16777221, 16777219, 5]), 3)),
);

// Movement.
each('Transpose', TYPES, RANKED, (x, shape) => () => [
  tf.transpose(x()),
  tf.transpose(
    x(),
    shape.map((_, axis) => (axis + 1) % shape.length),
  ),
]);
add('Transpose large int32', () => tf.transpose(make([37, 41], 'int32')));
add('Transpose large bool', () => tf.transpose(make([37, 41], 'bool')));
add('Transpose bool mask cast', () => tf.transpose(tf.cast(make([5, 4], 'bool'), 'float32')));
add('Transpose bool mask cast, of three', () =>
  tf.transpose(tf.cast(make([5, 4, 3], 'bool'), 'float32'), [1, 0, 2]),
);
each('Reverse', TYPES, RANKED, (x, shape) => () => [
  tf.reverse(x()),
  tf.reverse(x(), shape.length - 1),
]);
each(
  'Tile',
  TYPES,
  RANKED,
  (x, shape) => () =>
    tf.tile(
      x(),
      shape.map((_, at) => 1 + (at % 3)),
    ),
);
each(
  'Slice',
  TYPES,
  RANKED,
  (x, shape) => () =>
    tf.slice(
      x(),
      shape.map((d) => (d > 1 ? 1 : 0)),
      shape.map((d) => Math.max(1, d - 2)),
    ),
);
each(
  'StridedSlice',
  TYPES,
  RANKED,
  (x, shape) => () =>
    tf.stridedSlice(
      x(),
      shape.map(() => 0),
      shape,
      shape.map(() => 2),
    ),
);
each(
  'StridedSlice backwards',
  TYPES,
  RANKED,
  (x, shape) => () =>
    tf.stridedSlice(
      x(),
      shape.map((d) => d - 1),
      shape.map(() => 0),
      shape.map(() => -1),
      0,
      (1 << shape.length) - 1,
    ),
);
// numpy's elements; `cpu` forgets to step over the axis that goes.
for (const dtype of TYPES) {
  for (const shape of RANKED.slice(1)) {
    const last = shape.length - 1;
    const strides = shape.map((_, at) => (at === 0 ? 2 : 1));
    const begin = shape.map(() => 0);
    cases.push({
      name: `StridedSlice dropping an axis ${dtype} [${shape}]`,
      run: () => tf.stridedSlice(make(shape, dtype), begin, shape, strides, 0, 0, 0, 0, 1 << last),
      reference: () =>
        tf.squeeze(
          tf.stridedSlice(make(shape, dtype), begin, [...shape.slice(0, last), 1], strides),
          [last],
        ),
    });
  }
}
each(
  'StridedSlice of a new axis',
  TYPES,
  [[5, 3]],
  (x) => () => tf.stridedSlice(x(), [0, 0, 0], [5, 1, 3], [2, 1, 2], 0, 0, 0, 2, 0),
);
each(
  'PadV2',
  TYPES,
  RANKED.slice(0, 5),
  (x, shape) => () =>
    tf.pad(
      x(),
      shape.map((_, at) => [at % 2, 1 + (at % 3)]),
      3,
    ),
);
add('PadV2 of rank 6', () => tf.pad(make([2, 1, 3, 2, 1, 3]), [[0, 1], [1, 0], [0, 0], [2, 0], [0, 0], [0, 1]])); // prettier-ignore
for (const mode of ['reflect', 'symmetric'] as const) {
  each(
    `MirrorPad ${mode}`,
    NUMBERS,
    [[7], [5, 3], [3, 2, 5], [2, 3, 2, 5], [2, 1, 3, 2, 3], [2, 1, 3, 2, 1, 3]],
    (x, shape) => () =>
      tf.mirrorPad(
        x(),
        shape.map((d) => [Math.min(1, d - 1), 1]),
        mode,
      ),
  );
}
for (const count of [2, 9, 17, 40]) {
  each(
    `Concat of ${count}`,
    TYPES,
    [[7], [5, 3], [2, 3, 1, 5], [2, 1, 3, 2, 1, 3]],
    (_, shape, dtype) => () =>
      tf.concat(
        Array.from({ length: count }, (__, i) => make(shape, dtype, i)),
        shape.length - 1,
      ),
  );
}
each(
  'Pack',
  TYPES,
  [[], [7], [5, 3], [2, 3, 1, 5], [2, 1, 3, 2, 3]],
  (_, shape, dtype) => () =>
    tf.stack(
      [make(shape, dtype, 1), make(shape, dtype, 2), make(shape, dtype, 3)],
      shape.length > 0 ? 1 : 0,
    ),
);
each('Unpack', TYPES, RANKED, (x, shape) => () => tf.unstack(x(), shape.length - 1));
each(
  'SplitV',
  TYPES,
  [[7], [5, 7], [2, 3, 7], [2, 1, 3, 1, 7], [2, 1, 3, 2, 1, 7]],
  (x, shape) => () => tf.split(x(), [1, 4, 2], shape.length - 1),
);
each('GatherV2', TYPES, RANKED, (x, shape) => () => tf.gather(x(), ints([0, shape[0] - 1, 0]), 0));
each(
  'GatherV2 of the last axis',
  TYPES,
  RANKED,
  (x, shape) => () => tf.gather(x(), ints([0, shape[shape.length - 1] - 1]), shape.length - 1),
);
add('GatherV2 with batchDims', () =>
  tf.gather(make([3, 4, 5]), ints([0, 3, 2, 1, 1, 0], [3, 2]), 1, 1),
);
each(
  'GatherNd',
  TYPES,
  [[7], [5, 3], [2, 3, 4], [2, 1, 3, 2, 3]],
  (x, shape) => () =>
    tf.gatherND(
      x(),
      ints(shape.flatMap((d) => [0, d - 1]).slice(0, 2 * shape.length), [2, shape.length]),
    ),
);
each(
  'GatherNd of rows',
  TYPES,
  [
    [5, 3],
    [2, 3, 4],
    [2, 1, 3, 2, 1, 3],
  ],
  (x) => () => tf.gatherND(x(), ints([1, 0, 1], [3, 1])),
);
each(
  'ScatterNd',
  NUMBERS,
  [[4, 3]],
  (x) => () => tf.scatterND(ints([4, 1, 1, 0], [4, 1]), x(), [6, 3]),
);
add('ScatterNd bool', () => tf.scatterND(ints([4, 1, 3], [3, 1]), make([3, 2], 'bool'), [6, 2]));
add('ScatterNd of truth values by another name', () =>
  tf.scatterND(ints([4, 1, 4], [3, 1]), tf.cast(make([3, 2], 'bool'), 'int32'), [6, 2]),
);
each(
  'TensorScatterUpdate',
  TYPES,
  [[6, 3]],
  (x, _, dtype) => () => tf.tensorScatterUpdate(x(), ints([4, 1], [2, 1]), make([2, 3], dtype, 3)),
);
each(
  'SparseToDense',
  TYPES,
  [[3]],
  (x, _, dtype) => () =>
    tf.sparseToDense(ints([0, 4, 5]), x(), [7], tf.scalar(dtype === 'bool' ? true : 2, dtype)),
);
add('SparseToDense of rank 2', () =>
  tf.sparseToDense(ints([0, 1, 2, 3], [2, 2]), make([2]), [3, 4], tf.scalar(9)),
);
add('SparseToDense of one value', () => tf.sparseToDense(ints([0, 3, 2]), tf.scalar(5), [6]));
each(
  'BroadcastTo',
  TYPES,
  [
    [5, 3],
    [3, 1, 5],
    [2, 1, 3, 1, 3],
  ],
  (x, shape) => () => tf.broadcastTo(x(), [2, ...shape.map((d) => (d === 1 ? 4 : d))]),
);
each('OneHot', ['int32'], [[7], [5, 3]], (x) => () => tf.oneHot(tf.abs(x()), 4, 2, -1));
add('OneHot outside', () => tf.oneHot(ints([-1, 0, 3, 4, 9]), 4));
each(
  'Fill',
  NUMBERS,
  [[], [7], [2, 1, 3, 2, 1, 3]],
  (_, shape, dtype) => () => tf.fill(shape, 3, dtype),
);
each('Diag', NUMBERS, [[5], [2, 3]], (x) => () => tf.diag(x()));
add('SpaceToBatchND', () => tf.spaceToBatchND(make([2, 4, 6, 3]), [2, 3], [[0, 0], [1, 2]].map((p) => p.map((v) => (v ? 3 * (v - 1) : 0))))); // prettier-ignore
add('BatchToSpaceND', () =>
  tf.batchToSpaceND(
    make([6, 2, 2, 3]),
    [2, 3],
    [
      [0, 1],
      [1, 0],
    ],
  ),
);
each('SpaceToBatchND of ranks', TYPES, RANKED.slice(1), (x, shape) => () => [
  tf.spaceToBatchND(x(), [1], [[0, 0]]),
  tf.spaceToBatchND(x(), [2], [[1, 2 - ((shape[1] + 1) % 2)]]),
]);
each(
  'BatchToSpaceND of ranks',
  TYPES,
  RANKED.slice(1),
  (x, shape) => () => tf.batchToSpaceND(x(), [shape[0]], [[0, 1]]),
);
each('DepthToSpace', NUMBERS, [[1, 2, 3, 8]], (x) => () => tf.depthToSpace(x() as tf.Tensor4D, 2));

// Products, convolutions, pools.
for (const [a, b, ta, tb] of [
  [[5, 3], [3, 7], false, false],
  [[3, 5], [7, 3], true, true],
  [[1, 1], [1, 1], false, false],
  [[2, 5, 3], [2, 3, 4], false, false],
  [[2, 5, 3], [1, 3, 4], false, false],
  [[1, 5, 3], [2, 3, 4], false, false],
  [[2, 2, 5, 3], [1, 2, 3, 4], false, false],
  [[3, 200], [200, 3], false, false],
  [[65, 33], [33, 67], false, false],
] as const) {
  add(`MatMul [${a}] [${b}] ${ta} ${tb}`, () => tf.matMul(make(a), make(b, 'float32', 2), ta, tb));
}
for (const [m, k, n] of [
  [1, 1, 1],
  [8, 3, 8],
  [33, 7, 35],
  [40, 33, 40],
]) {
  for (const transposed of [false, true]) {
    // Matrices of infinities between others.
    const every = (shape: number[], nth: number): tf.Tensor =>
      tf.mul(tf.ones([32, ...shape]), tf.tensor(Array.from({ length: 32 }, (_, i) => (i % nth ? 0.5 : Infinity)), [32, 1, 1])); // prettier-ignore
    add(`MatMul of infinities [${m}, ${k}, ${n}] ${transposed}`, () =>
      tf.matMul(every([m, k], 3), every(transposed ? [n, k] : [k, n], 2), false, transposed),
    );
  }
}
add('MatMul int32', () => tf.matMul(make([5, 3], 'int32'), make([3, 4], 'int32', 2)));
add('MatMul int32 that wraps', () => {
  const large = ints([99999, 46341, -(2 ** 16), 16777217, 65537, -3], [2, 3]);
  return [tf.matMul(large, large, false, true), tf.matMul(large, large, true, false)];
});
add('MatMul int32, broadcast', () =>
  tf.matMul(make([2, 5, 3, 4], 'int32'), make([4, 2], 'int32', 2)),
);
add('MatMul bool', () => tf.matMul(make([5, 3], 'bool'), make([3, 4], 'bool', 2)));
add('MatMul of nothing', () => tf.matMul(make([2, 0]), make([0, 3])));
for (const activation of [
  'linear',
  'relu',
  'relu6',
  'elu',
  'sigmoid',
  'leakyrelu',
  'prelu',
] as const) {
  add(`_FusedMatMul ${activation}`, () =>
    tf.fused.matMul({ a: make([5, 3]), b: make([3, 4]), bias: make([4]), activation, preluActivationWeights: make([4]), leakyreluAlpha: 0.3 })); // prettier-ignore
  add(`FusedConv2D ${activation}`, () =>
    tf.fused.conv2d({ x: make([1, 7, 6, 3]) as tf.Tensor4D, filter: make([3, 3, 3, 5]) as tf.Tensor4D, strides: 2, pad: 'same', bias: make([5]), activation, preluActivationWeights: make([5]), leakyreluAlpha: 0.3 })); // prettier-ignore
  add(`FusedDepthwiseConv2D ${activation}`, () =>
    tf.fused.depthwiseConv2d({ x: make([1, 7, 6, 3]) as tf.Tensor4D, filter: make([3, 3, 3, 2]) as tf.Tensor4D, strides: 1, pad: 'same', bias: make([6]), activation, preluActivationWeights: make([6]), leakyreluAlpha: 0.3 })); // prettier-ignore
}
for (const pad of ['same', 'valid', 1] as const) {
  for (const [strides, dilations] of [
    [1, 1],
    [2, 1],
    [1, 2],
  ] as const) {
    // prettier-ignore
    if (typeof pad === 'number' && dilations > 1) continue;
    add(`Conv2D ${pad} ${strides} ${dilations}`, () =>
      tf.conv2d(make([2, 9, 8, 3]) as tf.Tensor4D, make([3, 3, 3, 4]) as tf.Tensor4D, strides, pad, 'NHWC', dilations, pad === 1 ? 'floor' : undefined)); // prettier-ignore
    add(`DepthwiseConv2d ${pad} ${strides} ${dilations}`, () =>
      tf.depthwiseConv2d(make([2, 9, 8, 3]) as tf.Tensor4D, make([3, 3, 3, 2]) as tf.Tensor4D, strides, pad, 'NHWC', dilations, pad === 1 ? 'floor' : undefined)); // prettier-ignore
  }
  if (typeof pad !== 'string') continue;
  for (const type of ['avgPool', 'maxPool'] as const) {
    add(`${type} ${pad}`, () => tf[type](make([2, 9, 8, 3]) as tf.Tensor4D, [3, 2], [2, 1], pad));
    add(`${type} ${pad} gradient`, () =>
      tf.grad((x: tf.Tensor) => tf[type](x as tf.Tensor4D, [3, 2], [2, 1], pad))(
        make([2, 9, 8, 3]),
      ),
    );
    add(`${type}3d ${pad}`, () =>
      tf[`${type}3d`](make([1, 5, 6, 7, 2]) as tf.Tensor5D, [2, 3, 2], [1, 2, 1], pad),
    );
    add(`${type}3d ${pad} gradient`, () =>
      tf.grad((x: tf.Tensor) => tf[`${type}3d`](x as tf.Tensor5D, [2, 3, 2], [1, 2, 1], pad))(
        make([1, 5, 6, 7, 2]),
      ),
    );
  }
  add(`MaxPoolWithArgmax ${pad}`, () =>
    Object.values<tf.Tensor>(tf.maxPoolWithArgmax(make([2, 6, 8, 3]) as tf.Tensor4D, 2, 2, pad)),
  );
  add(`Conv3D ${pad}`, () =>
    tf.conv3d(
      make([1, 5, 6, 7, 2]) as tf.Tensor5D,
      make([2, 3, 2, 2, 3]) as tf.Tensor5D,
      [1, 2, 1],
      pad,
    ),
  );
  add(`Conv3D ${pad} gradients`, () =>
    tf.grads((x: tf.Tensor, f: tf.Tensor) =>
      tf.conv3d(x as tf.Tensor5D, f as tf.Tensor5D, [1, 2, 1], pad),
    )([make([1, 5, 6, 7, 2]), make([2, 3, 2, 2, 3])]),
  );
  add(`Conv2D ${pad} gradients`, () =>
    tf.grads((x: tf.Tensor, f: tf.Tensor) => tf.conv2d(x as tf.Tensor4D, f as tf.Tensor4D, 2, pad))(
      [make([1, 9, 8, 3]), make([3, 3, 3, 4])],
    ),
  );
  add(`DepthwiseConv2d ${pad} gradients`, () =>
    tf.grads((x: tf.Tensor, f: tf.Tensor) =>
      tf.depthwiseConv2d(x as tf.Tensor4D, f as tf.Tensor4D, 2, pad),
    )([make([1, 9, 8, 3]), make([3, 3, 3, 2])]),
  );
  add(`Dilation2D ${pad}`, () =>
    tf.dilation2d(make([1, 9, 8, 3]) as tf.Tensor4D, make([3, 2, 3]) as tf.Tensor3D, 1, pad),
  );
  add(`Dilation2D ${pad} gradients`, () =>
    tf.grads((x: tf.Tensor, f: tf.Tensor) =>
      tf.dilation2d(x as tf.Tensor4D, f as tf.Tensor3D, 1, pad),
    )([make([1, 9, 8, 3]), make([3, 2, 3])]),
  );
}
add('MaxPool int32', () =>
  kernel(
    'MaxPool',
    { x: make([1, 6, 8, 3], 'int32') },
    { filterSize: 2, strides: 2, pad: 'valid' },
  ),
);
add('Conv2D NCHW', () =>
  tf.conv2d(
    make([2, 3, 9, 8]) as tf.Tensor4D,
    make([3, 3, 3, 4]) as tf.Tensor4D,
    1,
    'same',
    'NCHW',
  ),
);
add('Conv2D of nothing', () =>
  tf.conv2d(make([0, 9, 8, 3]) as tf.Tensor4D, make([3, 3, 3, 4]) as tf.Tensor4D, 1, 'same'),
);
for (const shape of [
  [1, 1, 3, 1],
  [2, 5, 4, 3],
]) {
  add(`Conv2DBackpropInput [${shape}]`, () => {
    const [batch, height, width, channels] = shape;
    return tf.conv2dTranspose(make(shape) as tf.Tensor4D, make([3, 3, 2, channels]) as tf.Tensor4D, [batch, height * 2, width * 2, 2], 2, 'same'); // prettier-ignore
  });
}
add('Einsum', () => [
  tf.einsum('bij,bjk->bik', make([2, 3, 4]), make([2, 4, 5])),
  tf.einsum('ij->ji', make([3, 4])),
  tf.einsum('ij,kj->ik', make([3, 4]), make([5, 4])),
]);

// Images.
for (const [align, half] of [
  [false, false],
  [true, false],
  [false, true],
] as const) {
  // prettier-ignore
  for (const size of [[3, 5], [9, 4], [1, 1]] as [number, number][]) { // prettier-ignore
    for (const dtype of NUMBERS) {
      add(`ResizeBilinear ${align} ${half} ${size} ${dtype}`, () =>
        tf.image.resizeBilinear(make([2, 4, 7, 3], dtype) as tf.Tensor4D, size, align, half));
      add(`ResizeNearestNeighbor ${align} ${half} ${size} ${dtype}`, () =>
        tf.image.resizeNearestNeighbor(make([2, 4, 7, 3], dtype) as tf.Tensor4D, size, align, half));
    }
    if (half) continue;
    add(`ResizeBilinearGrad ${align} ${size}`, () =>
      tf.grad((x: tf.Tensor) => tf.image.resizeBilinear(x as tf.Tensor4D, size, align))(make([2, 4, 7, 3])));
    add(`ResizeNearestNeighborGrad ${align} ${size}`, () =>
      tf.grad((x: tf.Tensor) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, size, align))(make([2, 4, 7, 3])));
  }
}
const BOXES: Record<string, number[][]> = {
  inside: [[0.1, 0.1, 0.9, 0.8], [0, 0, 1, 1]], // prettier-ignore
  outside: [[-0.5, -0.25, 1.5, 1.25], [0.5, 0.5, 2, 2]], // prettier-ignore
  flipped: [[0.9, 0.8, 0.1, 0.1], [1, 1, 0, 0]], // prettier-ignore
};
for (const [where, boxes] of Object.entries(BOXES)) {
  for (const method of ['bilinear', 'nearest'] as const) {
    for (const size of [
      [3, 4],
      [1, 1],
    ] as [number, number][]) {
      // prettier-ignore
      add(`CropAndResize ${where} ${method} ${size}`, () =>
        tf.image.cropAndResize(make([2, 5, 6, 3]) as tf.Tensor4D, tf.tensor2d(boxes), ints([0, 1]), size, method, 7)); // prettier-ignore
    }
  }
}
add('CropAndResize of more images than boxes', () =>
  tf.image.cropAndResize(make([5, 5, 6, 3]) as tf.Tensor4D, tf.tensor2d(BOXES.inside), ints([4, 3]), [3, 4])); // prettier-ignore
cases.push({
  name: 'CropAndResize of images that are not there',
  run: () =>
    tf.image.cropAndResize(make([2, 5, 6, 3]) as tf.Tensor4D, tf.tensor2d([...BOXES.inside, ...BOXES.outside]), ints([2, 1, -1, 7]), [3, 4], 'bilinear', 7), // prettier-ignore
  // Zeros; `cpu` reads in front of the image where the index is negative.
  reference: () =>
    tf.image.cropAndResize(make([2, 5, 6, 3]) as tf.Tensor4D, tf.tensor2d([...BOXES.inside, ...BOXES.outside]), ints([2, 1, 2, 7]), [3, 4], 'bilinear', 7), // prettier-ignore
});
add('CropAndResize of int32', () =>
  tf.image.cropAndResize(make([2, 5, 6, 3], 'int32') as tf.Tensor4D, tf.tensor2d(BOXES.inside), ints([0, 1]), [3, 4])); // prettier-ignore
add('FlipLeftRight', () => tf.image.flipLeftRight(make([2, 5, 6, 3]) as tf.Tensor4D));
add('RotateWithOffset', () =>
  tf.image.rotateWithOffset(make([2, 5, 6, 3]) as tf.Tensor4D, 0.6, 0.5, [0.4, 0.6]),
);
for (const interpolation of ['nearest', 'bilinear'] as const) {
  for (const fill of ['constant', 'reflect', 'wrap', 'nearest'] as const) {
    const transform = (images: tf.Tensor): tf.Tensor =>
      tf.image.transform(images as tf.Tensor4D, tf.tensor2d([[1.13, 0.21, -1.37, -0.17, 0.91, 0.73, 0, 0]]), interpolation, fill, 2); // prettier-ignore
    const images = () => make([2, 5, 6, 3]);
    cases.push({
      name: `Transform ${interpolation} ${fill}`,
      run: () => transform(images()),
      // `cpu` answers once the first image is done.
      reference: () => tf.concat(tf.split(images(), 2).map(transform)),
    });
  }
}
add('LRN', () => tf.localResponseNormalization(make([2, 3, 4, 7]) as tf.Tensor4D, 2, 1, 0.5, 0.75));
add('LRNGrad', () =>
  tf.grad((x: tf.Tensor) => tf.localResponseNormalization(x as tf.Tensor4D, 2, 1, 0.5, 0.75))(
    make([2, 3, 4, 7]),
  ),
);
add('FusedBatchNorm', () =>
  tf.batchNorm(make([2, 3, 4, 5]), make([5]), positive([5]), make([5]), make([5])),
);

// Counting, sorting, scattering.
// Every pair of special values.
const SPECIAL = [NaN, Infinity, -Infinity, 0, -0, 1, -1, 0.5, -2.5, 3, 100, -100, 1e20, -1e30];
const [FIRST, SECOND] = [SPECIAL.flatMap((a) => SPECIAL.map(() => a)), SPECIAL.flatMap(() => SPECIAL)]; // prettier-ignore
for (const name of ['Mod', 'Atan2', 'Pow', 'RealDiv', 'Maximum', 'SquaredDifference']) {
  add(`${name} of special values`, () =>
    kernel(name, { a: tf.tensor1d(FIRST), b: tf.tensor1d(SECOND) }),
  );
}
for (const name of [
  'Acosh',
  'Asinh',
  'Atanh',
  'Erf',
  'Exp',
  'Log1p',
  'Sigmoid',
  'Softplus',
  'Tanh',
]) {
  add(`${name} of special values`, () => kernel(name, { x: tf.tensor1d(SPECIAL) }));
}
add('ArgMax of equal elements', () => [
  tf.argMax(
    tf.tensor2d(
      Array.from({ length: 520 }, (_, i) => i % 3),
      [4, 130],
    ),
    1,
  ),
  tf.argMin(
    tf.tensor2d(
      Array.from({ length: 520 }, (_, i) => i % 3),
      [4, 130],
    ),
    1,
  ),
]);
add('MaxPool of NaN', () => tf.maxPool(tf.fill<tf.Rank.R4>([1, 4, 4, 1], NaN), 2, 2, 'valid'));
add('MaxPool of the lowest', () =>
  tf.maxPool(tf.fill<tf.Rank.R4>([1, 4, 4, 1], -3e38), 2, 2, 'valid'),
);
add('Mod of truth values, as numbers', () => {
  const mod = tf.mod(make([7], 'bool'), make([7], 'bool', 2));
  return tf.sum(tf.cast(tf.reshape(mod, [7, 1]), 'int32'));
});
add('Bincount', () => [
  tf.bincount(ints([1, 1, 2, 5, 0, 9]), tf.tensor1d([]), 6),
  tf.bincount(ints([1, 1, 2, 5, 0, 9]), make([6]) as tf.Tensor1D, 6),
]);
add('DenseBincount', () => [
  tf.denseBincount(ints([1, 1, 2, 5, 0, 3], [2, 3]), tf.tensor2d([], [0, 0]) as never, 6),
  tf.denseBincount(ints([1, 1, 2, 5, 0, 3], [2, 3]), make([2, 3]) as never, 6, false),
  tf.denseBincount(ints([1, 1, 2, 5, 0, 3], [2, 3]), tf.tensor2d([], [0, 0]) as never, 6, true),
]);
add('UnsortedSegmentSum', () => tf.unsortedSegmentSum(make([5, 3]), ints([2, 0, 0, 1, 2]), 4));
add('SparseSegment', () => [
  tf.sparse.sparseSegmentSum(make([5, 3]), ints([0, 3, 4]), ints([0, 0, 2])),
  tf.sparse.sparseSegmentMean(make([5, 3]), ints([0, 3, 4]), ints([0, 0, 2])),
]);
add('SearchSorted', () => {
  const rows = tf.tensor2d([[1, 3, 3, 7], [0, 2, 4, 9]]); // prettier-ignore
  const wanted = tf.tensor2d([[0, 3, 8], [2, 9, 10]]); // prettier-ignore
  return [tf.searchSorted(rows, wanted, 'left'), tf.searchSorted(rows, wanted, 'right')];
});
add('NonMaxSuppression', () =>
  tf.image.nonMaxSuppression(tf.tensor2d([[0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, 10, 1, 11]]), tf.tensor1d([0.9, 0.75, 0.6]), 3)); // prettier-ignore
add('FFT of rank 3', () => {
  const spectrum = tf.spectral.fft(tf.complex(make([2, 1, 5]), make([2, 1, 5], 'float32', 2)));
  return [tf.real(spectrum), tf.imag(spectrum)];
});
add('FFT', () => {
  const spectrum = tf.spectral.rfft(make([2, 8]));
  return [tf.real(spectrum), tf.imag(spectrum), tf.spectral.irfft(spectrum)];
});
add('ComplexAbs', () => tf.abs(tf.complex(make([7]), make([7], 'float32', 2))));
each('Empty', TYPES, EMPTY, (x) => () => [
  tf.reverse(x()),
  tf.transpose(x()),
  tf.concat([x(), x()]),
  tf.tile(x(), x().shape.map(() => 2)),
]); // prettier-ignore

export const sweepCases: readonly SweepCase[] = cases;
