/**
 * Calls at the edges of values: NaN, infinities, the two zeros, denormals, integers beyond 2^24 and those that
 * wrap, indices outside, nothing at all. What only moves or compares has to be right in every bit.
 */
import * as tf from '@tensorflow/tfjs-core';

/** How an answer may differ from that of `cpu`. */
export type Closeness =
  /** In nothing but that a denormal may have become a zero. */
  | 'bits'
  /** In the sign of a zero, too: WGSL lets a shader ignore it. */
  | 'values'
  /** By some roundings of each element. */
  | 'rounded';

export interface EdgeCase {
  readonly name: string;
  readonly closeness: Closeness;
  readonly run: () => tf.Tensor | tf.Tensor[];
  /** What says the right answer on `cpu`, where that throws or is of another mind than TensorFlow. */
  readonly reference?: () => tf.Tensor | tf.Tensor[];
}

const DENORMAL = 1e-40;
const LARGEST = 3.4028234663852886e38;

/** 12 of each, so that they have many shapes. */
const FLOATS = [NaN, Infinity, -Infinity, -0, 0, DENORMAL, -DENORMAL, LARGEST, -LARGEST, 1.5, -2.5, 16777216]; // prettier-ignore
const INTS = [0, 1, -1, 16777217, -16777217, 16777221, 2147483647, -2147483648, 2147483646, 65537, -65536, 7]; // prettier-ignore
const BOOLS = [1, 0, 0, 1, 1, 1, 0, 1, 0, 0, 0, 1];

const VALUES = { float32: FLOATS, int32: INTS, bool: BOOLS } as const;
type EdgeType = keyof typeof VALUES;
const TYPES = ['float32', 'int32', 'bool'] as const;
const NUMBERS = ['float32', 'int32'] as const;

let areFlushed = false;

/** What `make` gives where denormals among the edges are zeros, as which a shader may take them in any operation. */
export function withFlushedEdges<T>(make: () => T): T {
  areFlushed = true;
  try {
    return make();
  } finally {
    areFlushed = false;
  }
}

const flushed = (x: number): number => (Math.abs(x) === DENORMAL ? Math.sign(x) * 0 : x);

/** The edges of a type in a shape of 12 elements, or of more: then they come again. Turned by `turn` places. */
function edges(dtype: EdgeType, shape: number[] = [12], turn = 0): tf.Tensor {
  const values = VALUES[dtype];
  const size = tf.util.sizeFromShape(shape);
  const list = Array.from({ length: size }, (_, i) => {
    const value = values[(i + turn) % values.length];
    return areFlushed ? flushed(value) : value;
  });
  return tf.tensor(dtype === 'bool' ? list.map(Boolean) : list, shape, dtype);
}

/** Each edge beside each: 144 pairs. */
function pairs(dtype: EdgeType): [tf.Tensor, tf.Tensor] {
  return [edges(dtype, [12, 1]), edges(dtype, [1, 12])];
}

const ints = (values: number[], shape: number[] = [values.length]): tf.Tensor =>
  tf.tensor(values, shape, 'int32');

const cases: EdgeCase[] = [];

function add(
  name: string,
  closeness: Closeness,
  run: EdgeCase['run'],
  reference?: EdgeCase['run'],
) {
  cases.push({ name, closeness, run, reference });
}

// What moves elements: index maps of every kind.
type Move = (x: tf.Tensor) => tf.Tensor | tf.Tensor[];
const MOVES: Readonly<Record<string, Move>> = {
  transpose: (x) => tf.transpose(x, [2, 0, 1]),
  reverse: (x) => tf.reverse(x, [0, 2]),
  slice: (x) => tf.slice(x, [1, 0, 1], [1, 2, 2]),
  'strided slice, ends outside': (x) => tf.stridedSlice(x, [-9, 0, 5], [9, 9, -9], [1, 1, -1]),
  tile: (x) => tf.tile(x, [1, 2, 3]),
  concat: (x) => tf.concat([x, tf.reverse(x)], 2),
  stack: (x) => tf.stack([x, tf.reverse(x)], 1),
  unstack: (x) => tf.unstack(x, 1),
  split: (x) => tf.split(x, [1, 2], 2),
  broadcast: (x) => tf.broadcastTo(tf.slice(x, [0, 0, 0], [2, 1, 3]), [4, 2, 5, 3]),
  'gather of the first axis': (x) => tf.gather(x, ints([1, 0, 1])),
  'gather of the last axis': (x) => tf.gather(x, ints([2, 2, 0]), 2),
  'gather by pairs': (x) => tf.gatherND(x, ints([1, 0, 0, 1, 1, 1], [3, 2])),
  'space to batch': (x) => tf.spaceToBatchND(tf.reshape(x, [1, 2, 2, 3]), [2, 2], [[0, 0], [0, 0]]), // prettier-ignore
  'nearest neighbours': (x) =>
    tf.image.resizeNearestNeighbor(tf.reshape<tf.Rank.R4>(x, [1, 2, 2, 3]), [3, 5]),
};
for (const [name, move] of Object.entries(MOVES)) {
  for (const dtype of TYPES) {
    // tfjs resizes no truth values, and `cpu` rounds integers to floats.
    if (dtype !== 'float32' && name === 'nearest neighbours') continue;
    add(`${name}, ${dtype}`, 'bits', () => move(edges(dtype, [2, 2, 3])));
  }
}
for (const mode of ['reflect', 'symmetric'] as const) {
  for (const dtype of NUMBERS) {
    add(`mirror pad ${mode}, ${dtype}`, 'bits', () =>
      tf.mirrorPad(edges(dtype, [3, 4]), [[2, 1], [0, 3]], mode)); // prettier-ignore
  }
}
for (const constant of [NaN, Infinity, -Infinity, -0, DENORMAL, LARGEST, 16777217]) {
  add(
    `pad by ${Object.is(constant, -0) ? '-0' : constant}`,
    constant === 0 ? 'values' : 'bits',
    () => {
      return tf.pad(edges('float32', [3, 4]), [[1, 0], [0, 2]], constant); // prettier-ignore
    },
  );
}
for (const constant of [16777217, 2147483647, -2147483648]) {
  add(`pad integers by ${constant}`, 'bits', () =>
    tf.pad(edges('int32', [3, 4]), [[1, 0], [0, 2]], constant)); // prettier-ignore
}

// Indices outside: zeros for whatever is picked, nothing for whatever is counted.
const OUTSIDE = [-2147483648, -1, 0, 2, 3, 100, 2147483647];
for (const dtype of TYPES) {
  for (const axis of [0, 1]) {
    add(`gather outside axis ${axis}, ${dtype}`, 'bits', () => {
      const x = tf.slice(edges(dtype, [4, 3]), [0, 0], [3, 3]);
      return tf.gather(x, ints(OUTSIDE), axis);
    }, () => {
      const x = tf.slice(edges(dtype, [4, 3]), [0, 0], [3, 3]);
      const padded = tf.concat([x, tf.zerosLike(tf.slice(x, [0, 0], axis ? [3, 1] : [1, 3]))], axis);
      return tf.gather(padded, ints(OUTSIDE.map((at) => (at >= 0 && at < 3 ? at : 3))), axis);
    }); // prettier-ignore
  }
}
add('one-hot of indices outside', 'bits', () => tf.oneHot(ints(OUTSIDE), 3, 5, -5));
add('one-hot of NaN and infinities', 'bits', () => tf.oneHot(ints([0, 1]), 2, Infinity, NaN));
add('segments outside', 'values', () =>
  tf.unsortedSegmentSum(tf.ones([7, 2]), ints(OUTSIDE) as tf.Tensor1D, 3),
);
for (const dtype of TYPES) {
  const updates = () => edges(dtype, [3, 4]);
  add(`scattered updates, ${dtype}`, 'values', () => [
    tf.scatterND(ints([4, 0, 2], [3, 1]), updates(), [5, 4]),
    tf.tensorScatterUpdate(edges(dtype, [5, 4], 3), ints([4, 0, 2], [3, 1]), updates()),
    tf.sparseToDense(ints([3, 0, 7]), tf.slice(edges(dtype), [3], [3]), [9], tf.reshape(tf.slice(edges(dtype), [5], [1]), [])),
  ]); // prettier-ignore
}
add('sums of integers that meet and wrap', 'bits', () =>
  tf.scatterND(ints([1, 1, 1, 0, 1, 1, 0, 0, 1, 1, 1, 0], [12, 1]), edges('int32'), [3]),
);
add('a segment of integers', 'bits', () =>
  tf.unsortedSegmentSum(edges('int32', [4, 3]), ints([1, 0, -1, 1]) as tf.Tensor1D, 2),
);
add('counts outside', 'values', () => [
  tf.bincount(ints([0, 2, 3, 100, 2147483647]) as tf.Tensor1D, tf.tensor1d([]), 3),
  tf.denseBincount(ints([0, 2, 3, 100, 2, 7], [2, 3]) as tf.Tensor2D, tf.tensor2d([], [0, 0]), 3),
]);

// Masks choose; they do not multiply.
for (const dtype of TYPES) {
  add(`where, ${dtype}`, 'bits', () =>
    tf.where(edges('bool'), edges(dtype), edges(dtype, [12], 5)),
  );
  add(`where of a scalar, ${dtype}`, 'bits', () =>
    tf.where(edges('bool'), edges(dtype), tf.slice(edges(dtype), [1], [1])),
  );
}
for (const name of ['logicalAnd', 'logicalOr', 'logicalXor'] as const) {
  add(name, 'bits', () => tf[name](...pairs('bool')));
}
add('logicalNot', 'bits', () => tf.logicalNot(edges('bool')));

// Comparisons, and what is made of them.
for (const name of ['equal', 'notEqual', 'less', 'lessEqual', 'greater', 'greaterEqual'] as const) {
  for (const dtype of TYPES) add(`${name}, ${dtype}`, 'bits', () => tf[name](...pairs(dtype)));
  // The integer becomes a float32, as everywhere but on `cpu`.
  const asFloats = () => tf.tensor(INTS.map(Math.fround), [12, 1]);
  add(
    `${name} of an integer and a float`,
    'bits',
    () => tf[name](edges('int32', [12, 1]), edges('float32', [1, 12])),
    () => tf[name](asFloats(), edges('float32', [1, 12])),
  );
}
for (const name of ['maximum', 'minimum'] as const) {
  for (const dtype of NUMBERS) add(`${name}, ${dtype}`, 'values', () => tf[name](...pairs(dtype)));
}
for (const name of ['max', 'min'] as const) {
  for (const dtype of NUMBERS) {
    add(`${name}, ${dtype}`, 'values', () => {
      const x = edges(dtype, [5, 7]);
      return [tf[name](x), tf[name](x, 0), tf[name](x, 1)];
    });
  }
}
for (const name of ['argMax', 'argMin'] as const) {
  for (const dtype of NUMBERS) {
    add(`${name}, ${dtype}`, 'bits', () => {
      const x = edges(dtype, [5, 7]);
      return [tf[name](x, 0), tf[name](x, 1)];
    });
  }
}
for (const name of ['isNaN', 'isInf', 'isFinite'] as const) {
  add(name, 'bits', () => tf[name](edges('float32')));
}
add('sign', 'values', () => tf.sign(edges('float32')));
add('step', 'values', () => tf.step(edges('float32'), 0.25));
add('topk of integers', 'bits', () => Object.values(tf.topk(edges('int32', [3, 4]), 3)));
add('searchSorted', 'bits', () => {
  const rows = tf.tensor2d([[-Infinity, -1, 0, 1, Infinity]]);
  const wanted = tf.tensor2d([[-Infinity, -0, 0, 0.5, Infinity, LARGEST]]);
  return [tf.searchSorted(rows, wanted, 'left'), tf.searchSorted(rows, wanted, 'right')];
});
for (const [low, high] of [
  [-1, 2],
  [-Infinity, 0],
  [0, Infinity],
  [-0, 0],
]) {
  for (const dtype of NUMBERS) {
    add(`clip from ${low} to ${high}, ${dtype}`, 'values', () =>
      tf.clipByValue(edges(dtype), low, high),
    );
  }
}
for (const name of ['relu', 'relu6'] as const) {
  for (const dtype of NUMBERS) add(`${name}, ${dtype}`, 'values', () => tf[name](edges(dtype)));
}
add('leakyRelu', 'rounded', () => tf.leakyRelu(edges('float32'), 0.25));
add('prelu', 'rounded', () => tf.prelu(edges('float32'), tf.scalar(-0.5)));

// Casts.
for (const from of TYPES) {
  for (const to of TYPES) {
    add(`cast of ${from} to ${to}`, 'values', () => tf.cast(edges(from), to));
  }
}
for (const name of ['floor', 'ceil', 'round'] as const) {
  add(name, 'values', () => tf[name](edges('float32')));
  add(`${name} of halves`, 'values', () => tf[name](tf.tensor1d([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 8388609, -8388609]))); // prettier-ignore
}

// Integers that wrap. Products of more than 53 bits do so exactly, where `cpu` rounds them first.
for (const name of ['add', 'sub', 'floorDiv', 'mod'] as const) {
  add(`${name} of integers`, 'bits', () => tf[name](...pairs('int32')));
}
const table = (f: (a: number, b: number) => number): tf.Tensor =>
  ints(INTS.flatMap((a) => INTS.map((b) => f(a, b))), [12, 12]); // prettier-ignore
// tfjs calls truth values integers without storing them anew.
for (const name of ['add', 'sub', 'maximum', 'equal', 'less'] as const) {
  add(`${name} of truth values and integers`, 'bits', () =>
    tf[name](edges('bool', [12, 1]), edges('int32', [1, 12])),
  );
}
add('where of truth values and integers', 'bits', () =>
  tf.where(edges('bool'), tf.cast(edges('bool', [12], 3), 'int32'), edges('int32', [12], 5)),
);
add('mul of integers', 'bits', () => tf.mul(...pairs('int32')), () => table(Math.imul)); // prettier-ignore
add('squaredDifference of integers', 'bits', () => tf.squaredDifference(...pairs('int32')), () => table((a, b) => Math.imul(a - b, a - b))); // prettier-ignore
add('square of integers', 'bits', () => tf.square(edges('int32')), () => ints(INTS.map((a) => Math.imul(a, a)))); // prettier-ignore
for (const name of ['neg', 'sign'] as const) {
  add(`${name} of integers`, 'bits', () => tf[name](edges('int32')));
}
// `cpu` rounds them to floats.
add('abs of integers', 'bits', () => tf.abs(edges('int32')), () => ints(INTS.map((a) => Math.abs(a) | 0))); // prettier-ignore
for (const name of ['add', 'sub', 'mul', 'div', 'maximum', 'minimum'] as const) {
  add(`${name} of floats`, 'rounded', () => tf[name](...pairs('float32')));
}
// Quotients that are integers: what is larger is rounded before it wraps.
add('floorDiv of floats', 'bits', () => {
  const list = [NaN, Infinity, -Infinity, -0, 0, 1.5, -2.5, 7];
  return tf.floorDiv(tf.tensor(list, [8, 1]), tf.tensor(list, [1, 8]));
});
for (const exclusive of [false, true]) {
  for (const reverse of [false, true]) {
    const how = `${exclusive ? ', exclusive' : ''}${reverse ? ', reverse' : ''}`;
    add(`cumsum of floats${how}`, 'rounded', () =>
      tf.cumsum(tf.tensor2d([[1, -0, Infinity, 2], [NaN, 1, 2, 3], [-Infinity, 5, Infinity, 1]]), 1, exclusive, reverse)); // prettier-ignore
    add(`cumprod of floats${how}`, 'rounded', () =>
      tf.cumprod(tf.tensor2d([[1, -0, Infinity, 2], [NaN, 1, 2, 3], [-Infinity, 5, Infinity, 1]]), 1, exclusive, reverse)); // prettier-ignore
  }
}
add('all and any', 'bits', () => {
  const x = edges('bool', [3, 4]);
  return [tf.all(x), tf.any(x), tf.all(x, 0), tf.any(x, 1)];
});

// Windows, whose padding counts for nothing.
for (const [name, pool] of [
  ['maxPool', tf.maxPool],
  ['avgPool', tf.avgPool],
] as const) {
  for (const pad of ['same', 'valid'] as const) {
    add(`${name} ${pad}`, 'rounded', () => {
      const x = tf.tensor4d([-Infinity, -1, NaN, -5, -Infinity, -Infinity, -2, -3, Infinity, 1, 2, 3], [1, 3, 4, 1]); // prettier-ignore
      return pool(x, [2, 2], 2, pad);
    });
  }
}

// Nothing at all.
const EMPTY: readonly number[][] = [[0], [0, 3], [3, 0], [2, 0, 3]];
for (const dtype of TYPES) {
  for (const shape of EMPTY) {
    const x = () => tf.zeros(shape, dtype);
    add(`of nothing [${shape}], ${dtype}`, 'bits', () => [
      tf.transpose(x()),
      tf.reverse(x()),
      tf.concat([x(), x()], shape.length - 1),
      tf.cast(x(), 'float32'),
      tf.where(tf.zeros(shape, 'bool'), x(), x()),
      tf.equal(x(), x()),
      tf.stack([x(), x()]),
      tf.reshape(x(), [0]),
    ]);
    if (dtype !== 'bool') {
      add(`arithmetic of nothing [${shape}], ${dtype}`, 'bits', () => [
        tf.add(x(), x()),
        tf.maximum(x(), x()),
        tf.relu(x()),
        tf.pad(x(), shape.map((): [number, number] => [1, 0]), 3),
        tf.sum(x()),
        tf.sum(x(), 0),
        tf.max(x(), shape.indexOf(0)),
        tf.cumsum(x(), 0),
      ]); // prettier-ignore
    }
  }
}

export const edgeCases: readonly EdgeCase[] = cases;
