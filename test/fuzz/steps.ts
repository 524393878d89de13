/** Steps of random programs: what may be computed of the tensors that are there, hostile ones included. */
import * as tf from '@tensorflow/tfjs-core';

/** Computes results of the tensors that are there, steered by two small numbers. Throws where it does not fit. */
export type Step = (
  xs: readonly tf.Tensor[],
  numbers: readonly number[],
) => tf.Tensor | tf.Tensor[];

function axisOf(x: tf.Tensor, n: number): number {
  if (x.rank === 0) throw new Error('a scalar has no axes');
  return n % x.rank;
}

const unary =
  (f: (x: tf.Tensor) => tf.Tensor | tf.Tensor[]): Step =>
  ([x]) =>
    f(x);
const binary =
  (f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Step =>
  ([a, b]) =>
    f(a, b);
const reduced =
  (f: (x: tf.Tensor, axis: number, keep: boolean) => tf.Tensor): Step =>
  ([x], [n, keep]) =>
    f(x, axisOf(x, n), keep % 2 === 1);
const float = (x: tf.Tensor): tf.Tensor => tf.cast(x, 'float32');
/** Integers of at most this magnitude, whose products `cpu` can count: in doubles, which round above 2⁵³. */
const bounded = (x: tf.Tensor, most: number): tf.Tensor =>
  x.dtype === 'int32' ? tf.clipByValue(x, -most, most) : x;
const whole = (x: tf.Tensor): tf.Tensor => tf.cast(tf.round(float(x)), 'int32');
/** Where `cpu` computes with floats: no integers that these do not have. */
const small = (x: tf.Tensor): tf.Tensor =>
  x.dtype === 'int32' ? tf.clipByValue(x, -1000, 1000) : x;
/** tfjs adds truth values as numbers and calls the sum one: what is not 0 is true. */
const bool = (x: tf.Tensor): tf.Tensor =>
  x.dtype === 'bool' ? tf.notEqual(tf.cast(x, 'int32'), 0) : tf.cast(x, 'bool');
const image = (x: tf.Tensor): tf.Tensor4D => float(x) as tf.Tensor4D;

const elementwise: Readonly<Record<string, Step>> = {
  tanh: unary(tf.tanh),
  sigmoid: unary(tf.sigmoid),
  relu: unary(tf.relu),
  relu6: unary(tf.relu6),
  elu: unary(tf.elu),
  selu: unary((x) => tf.selu(float(x))),
  leaky: ([x], [n]) => tf.leakyRelu(x, n / 7),
  abs: unary((x) => tf.abs(small(x))),
  neg: unary(tf.neg),
  sign: unary(tf.sign),
  floor: unary(tf.floor),
  ceil: unary(tf.ceil),
  round: unary(tf.round),
  square: unary((x) => tf.square(small(x))),
  sqrt: unary((x) => tf.sqrt(tf.abs(float(x)))),
  rsqrt: unary((x) => tf.rsqrt(tf.add(tf.abs(float(x)), 0.5))),
  exp: unary((x) => tf.exp(tf.clipByValue(float(x), -20, 8))),
  expm1: unary((x) => tf.expm1(tf.clipByValue(float(x), -20, 8))),
  log1p: unary((x) => tf.log1p(tf.abs(float(x)))),
  sin: unary((x) => tf.sin(tf.clipByValue(float(x), -50, 50))),
  erf: unary((x) => tf.erf(float(x))),
  softplus: unary((x) => tf.softplus(float(x))),
  reciprocal: unary((x) => tf.reciprocal(float(x))),
  isNaN: unary(tf.isNaN),
  isInf: unary(tf.isInf),
  isFinite: unary(tf.isFinite),
  not: unary((x) => tf.logicalNot(bool(x))),
  toInt: unary((x) => tf.cast(x, 'int32')),
  toFloat: unary(float),
  toBool: unary(bool),
  add: binary(tf.add),
  sub: binary(tf.sub),
  mul: binary(tf.mul),
  div: binary((a, b) => tf.div(float(a), float(b))),
  divNoNan: binary((a, b) => tf.divNoNan(float(a), float(b))),
  floorDiv: binary((a, b) => tf.floorDiv(a, b)),
  mod: binary((a, b) => tf.mod(a, b)),
  twice: unary((x) => tf.add(x, x)),
  nothing: unary((x) => tf.sub(x, x)),
  number: ([x], [n]) => tf.mul(x, n - 4),
  addN: ([a, b, c]) => tf.addN([a, b, c, a]),
  maximum: binary(tf.maximum),
  minimum: binary(tf.minimum),
  squaredDifference: binary((a, b) => tf.squaredDifference(small(a), small(b))),
  prelu: binary(tf.prelu),
  equal: binary((a, b) => tf.equal(a, b)),
  less: binary((a, b) => tf.less(a, b)),
  greaterEqual: binary((a, b) => tf.greaterEqual(a, b)),
  and: binary((a, b) => tf.logicalAnd(bool(a), bool(b))),
  or: binary((a, b) => tf.logicalOr(bool(a), bool(b))),
  where: ([c, a, b]) => tf.where(bool(c), a, b),
  clip: ([x], [n]) => tf.clipByValue(x, -0.5 - n / 40, 0.75),
  normed: ([x, a, b]) => {
    const channels = x.shape.at(-1) ?? 1;
    const row = (y: tf.Tensor): tf.Tensor1D =>
      tf.slice(tf.reshape<tf.Rank.R1>(float(y), [y.size]), 0, channels);
    return tf.batchNorm(float(x), row(a), tf.abs(row(b)), undefined, undefined, 0.1);
  },
};

/** What cpu refuses, GPUs answer with zeros: rows of zeros behind the others, on `cpu`. */
function gather([x, indices]: readonly tf.Tensor[], [n]: readonly number[]): tf.Tensor {
  const axis = axisOf(x, n);
  const picks = whole(indices);
  const extent = x.shape[axis];
  if (x.size === 0) throw new Error('there is nothing to pick');
  if (tf.getBackend() !== 'cpu') return tf.gather(x, picks, axis);
  const row = tf.zeros(
    x.shape.map((dim, at) => (at === axis ? 1 : dim)),
    x.dtype,
  );
  const inside = tf.logicalAnd(tf.greaterEqual(picks, 0), tf.less(picks, extent));
  return tf.gather(
    tf.concat([x, row], axis),
    tf.where(inside, picks, tf.fill(picks.shape, extent, 'int32')),
    axis,
  );
}

const movement: Readonly<Record<string, Step>> = {
  gather,
  transpose: ([x], [n]) =>
    tf.transpose(
      x,
      x.shape.map((_, axis) => (axis + n) % x.rank),
    ),
  reshape: ([x], [n]) => tf.reshape(x, n % 2 ? [-1, x.shape[axisOf(x, n)] || 1] : [x.size]),
  expand: ([x], [n]) => tf.expandDims(x, n % (x.rank + 1)),
  squeeze: unary((x) => tf.squeeze(x)),
  reverse: ([x], [n]) => tf.reverse(x, axisOf(x, n)),
  tile: ([x], [n]) =>
    tf.tile(
      x,
      x.shape.map((_, axis) => 1 + ((n >> axis) % 2)),
    ),
  pad: ([x], [n, m]) =>
    tf.pad(
      x,
      x.shape.map((): [number, number] => [n % 3, m % 2]),
      m % 3,
    ),
  mirror: ([x], [n]) =>
    tf.mirrorPad(
      x,
      x.shape.map((): [number, number] => [n % 2, 1]),
      n % 2 ? 'reflect' : 'symmetric',
    ),
  slice: ([x], [n]) =>
    tf.slice(
      x,
      x.shape.map((dim) => n % (dim || 1)),
      x.shape.map((dim) => dim - (n % (dim || 1))),
    ),
  strided: ([x], [n, m]) =>
    tf.stridedSlice(
      x,
      x.shape.map(() => n % 3),
      x.shape.map((dim) => dim),
      x.shape.map(() => 1 + (m % 3)),
    ),
  backwards: ([x], [n, m]) =>
    tf.stridedSlice(
      x,
      x.shape.map((dim) => dim - 1 - (n % 2)),
      x.shape.map(() => -100),
      x.shape.map(() => -1 - (m % 2)),
    ),
  concat: ([a, b], [n]) => tf.concat([a, b], axisOf(a, n)),
  stack: ([a, b], [n]) => tf.stack([a, b], n % (a.rank + 1)),
  unstack: ([x], [n]) => tf.unstack(x, axisOf(x, n)),
  split: ([x], [n, m]) => tf.split(x, 1 + (m % 4), axisOf(x, n)),
  broadcast: ([x], [n]) => tf.broadcastTo(x, [1 + (n % 3), ...x.shape]),
  diag: unary((x) => tf.diag(x)),
  oneHot: ([x], [n]) => tf.oneHot(whole(x), 2 + (n % 4)),
  scatter: ([x], [n]) =>
    tf.scatterND(
      tf.tensor2d([[n % 4], [(n + 1) % 4]], [2, 1], 'int32'),
      tf.slice(tf.reshape(float(x), [x.size]), 0, 2),
      [4],
    ),
  blocks: ([x], [n]) => tf.batchToSpaceND(tf.spaceToBatchND(x, [1 + (n % 2)], [[0, 0]]), [1], [[0, 0]]), // prettier-ignore
};

const combining: Readonly<Record<string, Step>> = {
  sum: reduced((x, axis, keep) => tf.sum(x, axis, keep)),
  mean: reduced((x, axis, keep) => tf.mean(x, axis, keep)),
  max: reduced((x, axis, keep) => tf.max(x, axis, keep)),
  min: reduced((x, axis, keep) => tf.min(x, axis, keep)),
  prod: reduced((x, axis, keep) => tf.prod(bounded(x, 2), axis, keep)),
  any: reduced((x, axis, keep) => tf.any(bool(x), axis, keep)),
  all: reduced((x, axis, keep) => tf.all(bool(x), axis, keep)),
  whole: ([x]) => tf.sum(x),
  cumsum: ([x], [n, m]) => tf.cumsum(x, axisOf(x, n), m % 2 === 1, m % 3 === 1),
  cumprod: ([x], [n, m]) => tf.cumprod(bounded(x, 2), axisOf(x, n), m % 2 === 1, m % 3 === 1),
  argMax: ([x], [n]) => tf.argMax(whole(x), axisOf(x, n)),
  argMin: ([x], [n]) => tf.argMin(whole(x), axisOf(x, n)),
  topk: ([x], [n]) => {
    const { values, indices } = tf.topk(whole(x), 1 + (n % (x.shape.at(-1) ?? 1)));
    return [values, indices];
  },
  softmax: unary((x) => tf.softmax(float(x))),
  logSoftmax: unary((x) => tf.logSoftmax(float(x))),
  norm: unary((x) => tf.norm(float(x))),
  logSumExp: ([x], [n]) => tf.logSumExp(float(x), axisOf(x, n)),
  layerNorm: unary((x) => {
    const { mean, variance } = tf.moments(float(x), -1, true);
    return tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-3)));
  }),
};

/** Where both have batches, `cpu` takes matrices in turn, whatever the dimensions that are broadcast. */
function spread(x: tf.Tensor, other: tf.Tensor): tf.Tensor {
  if (tf.getBackend() !== 'cpu' || x.rank <= 2 || other.rank <= 2) return x;
  const [batch, others] = [x, other].map(({ shape }) => shape.slice(0, -2));
  const both = tf.broadcast_util.assertAndGetBroadcastShape(batch, others);
  return tf.broadcastTo(x, [...both, ...x.shape.slice(-2)]);
}

const products: Readonly<Record<string, Step>> = {
  matMul: ([a, b], [n]) => {
    const [x, y] = [bounded(a, 2 ** 15), bounded(b, 2 ** 15)];
    return tf.matMul(spread(x, y), spread(y, x), n % 2 === 1, n % 3 === 1);
  },
  gram: unary((x) => tf.matMul(bounded(x, 2 ** 15), bounded(x, 2 ** 15), false, true)),
  dense: ([x, b], [n]) =>
    tf.relu(
      tf.add(tf.matMul(x, tf.ones([x.shape.at(-1) as number, 1 + (n % 5)], x.dtype as never)), b),
    ),
  attention: unary((x) => {
    const rows = float(x);
    return tf.matMul(tf.softmax(tf.mul(tf.matMul(rows, rows, false, true), 0.3)), rows);
  }),
  conv: ([x, f], [n]) => tf.conv2d(image(x), image(f), 1 + (n % 2), n % 3 ? 'same' : 'valid'),
  depthwise: ([x, f], [n]) =>
    tf.depthwiseConv2d(image(x), image(f), 1 + (n % 2), n % 3 ? 'same' : 'valid'),
  maxPool: ([x], [n]) => tf.maxPool(image(x), 1 + (n % 3), 1 + (n % 2), n % 3 ? 'same' : 'valid'),
  avgPool: ([x], [n]) => tf.avgPool(image(x), 1 + (n % 3), 1 + (n % 2), n % 3 ? 'same' : 'valid'),
  resize: ([x], [n, m]) =>
    tf.image.resizeBilinear(small(x) as tf.Tensor4D, [1 + (n % 6), 1 + (m % 5)], n % 2 === 1),
  crop: ([x, boxes], [n, m]) =>
    tf.image.cropAndResize(
      image(x),
      tf.sigmoid(tf.reshape<tf.Rank.R2>(float(boxes), [-1, 4])),
      tf.fill<tf.Rank.R1>([Math.floor(boxes.size / 4)], n % (x.shape[0] + 1), 'int32'),
      [1 + (n % 4), 1 + (m % 3)],
    ),
};

function finite(x: tf.Tensor): tf.Tensor {
  const y = float(x);
  return tf.where(tf.isFinite(y), y, tf.zerosLike(y));
}

/** Types that shaders do not have: complex numbers, and words, which are computed on the host. */
const foreign: Readonly<Record<string, Step>> = {
  // Products of complex infinities have parts that are NaN, and `cpu` takes some of their sizes for infinite.
  complex: binary((a, b) => {
    const z = tf.complex(finite(a), finite(b));
    return tf.abs(tf.mul(tf.add(z, z), tf.reshape(z, z.shape)));
  }),
  complexParts: ([a, b], [n]) => {
    const z = tf.concat(
      [tf.complex(float(a), float(b)), tf.complex(float(b), float(a))],
      axisOf(a, n),
    );
    return [tf.real(z), tf.imag(z)];
  },
  // Transforms are products with sines, of which some are 0: what is not finite spreads as it likes, and a part
  // that is next to nothing may be nothing, which quotients would tell apart.
  fft: unary((x) => {
    const real = finite(x);
    const z = tf.spectral.fft(tf.complex(real, tf.zerosLike(real)));
    const least = tf.mul(tf.max(tf.abs(real)), 1e-4);
    return [tf.real(z), tf.imag(z)].map((part) =>
      tf.where(tf.greater(tf.abs(part), least), part, tf.zerosLike(part)),
    );
  }),
  words: ([x], [n]) => {
    const word = ['a', 'bc', '', 'größer', '漢'];
    const texts = tf.tensor1d(word, 'string');
    const picks = tf.clipByValue(whole(x), 0, 4);
    return tf.equal(tf.gather(texts, tf.cast(picks, 'int32')), word[n % 5]);
  },
  wordsMoved: ([x], [n, m]) => {
    const texts = tf.reshape(tf.tensor(Array.from({ length: x.size }, (_, i) => `w${i % 3}`), [x.size], 'string'), x.shape); // prettier-ignore
    const moved =
      n % 2
        ? tf.tile(
            texts,
            x.shape.map(() => 1),
          )
        : tf.transpose(texts);
    return tf.notEqual(tf.concat([moved, moved], axisOf(moved, m)), 'w1');
  },
};

export const STEPS: Readonly<Record<string, Step>> = {
  ...elementwise,
  ...movement,
  ...combining,
  ...products,
  ...foreign,
};

/** By kind, so that each is as likely, however many it has. */
export const STEP_NAMES: readonly (readonly string[])[] = [
  elementwise,
  elementwise,
  movement,
  combining,
  products,
  foreign,
].map(Object.keys);
