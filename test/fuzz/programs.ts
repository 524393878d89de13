/** Eager programs over hostile tensors: empty ones, ranks 0 to 6, int32 and bool, NaN and infinities. */
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { differenceOf, judged, resultOf, type Result } from './compare';
import { inTime, type Kind } from './kind';

type DType = 'float32' | 'int32' | 'bool';

interface Input {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly seed: number;
  readonly isSpecial: boolean;
}

interface Step {
  readonly op: string;
  readonly operands: readonly number[];
  readonly numbers: readonly number[];
}

interface Program {
  readonly inputs: readonly Input[];
  readonly steps: readonly Step[];
}

const SPECIAL = [NaN, Infinity, -Infinity, -0, 0, 1];

function make({ shape, dtype, seed, isSpecial }: Input): tf.Tensor {
  const size = shape.reduce((product, dim) => product * dim, 1);
  const values = Array.from({ length: size }, (_, i) => {
    const wave = (((i + 1) * (seed + 3) * 37) % 23) / 11 - 1;
    if (dtype === 'bool') return wave > 0 ? 1 : 0;
    if (dtype === 'int32') return Math.round(wave * 4);
    return isSpecial && i % 3 === 0 ? SPECIAL[(i / 3 + seed) % SPECIAL.length] : wave;
  });
  return tf.tensor(dtype === 'bool' ? Uint8Array.from(values) : values, [...shape], dtype);
}

type Op = (xs: readonly tf.Tensor[], numbers: readonly number[]) => tf.Tensor | tf.Tensor[];

function axisOf(x: tf.Tensor, n: number): number {
  if (x.rank === 0) throw new Error('a scalar has no axes');
  return n % x.rank;
}

/** What cpu refuses, GPUs answer with zeros. */
function gather([x, indices]: readonly tf.Tensor[], [n, b]: readonly number[]): tf.Tensor {
  const axis = axisOf(x, n);
  const picks = tf.cast(tf.round(tf.cast(indices, 'float32')), 'int32');
  if (tf.getBackend() !== 'cpu') return tf.gather(x, picks, axis);
  const extent = x.shape[axis];
  const row = tf.zeros(
    x.shape.map((dim, at) => (at === axis ? 1 : dim)),
    x.dtype,
  );
  const inside = tf.logicalAnd(tf.greaterEqual(picks, 0), tf.less(picks, extent));
  void b;
  return tf.gather(
    tf.concat([x, row], axis),
    tf.where(inside, picks, tf.fill(picks.shape, extent, 'int32')),
    axis,
  );
}

const unary =
  (f: (x: tf.Tensor) => tf.Tensor): Op =>
  ([x]) =>
    f(x);
const binary =
  (f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Op =>
  ([a, b]) =>
    f(a, b);
const reduced =
  (f: (x: tf.Tensor, axis: number, keep: boolean) => tf.Tensor): Op =>
  ([x], [n, keep]) =>
    f(x, axisOf(x, n), keep % 2 === 1);

/** Ops whose answers depend on their operands without jumps, or are exact. */
const OPS: Readonly<Record<string, Op>> = {
  tanh: unary(tf.tanh),
  sigmoid: unary(tf.sigmoid),
  relu: unary(tf.relu),
  relu6: unary(tf.relu6),
  abs: unary(tf.abs),
  neg: unary(tf.neg),
  sign: unary((x) => tf.sign(tf.round(x))),
  softplus: unary(tf.softplus),
  isNaN: unary(tf.isNaN),
  isFinite: unary(tf.isFinite),
  not: unary((x) => tf.logicalNot(tf.cast(x, 'bool'))),
  toInt: unary((x) => tf.cast(x, 'int32')),
  toFloat: unary((x) => tf.cast(x, 'float32')),
  toBool: unary((x) => tf.cast(x, 'bool')),
  add: binary(tf.add),
  sub: binary(tf.sub),
  mul: binary(tf.mul),
  maximum: binary(tf.maximum),
  minimum: binary(tf.minimum),
  squaredDifference: binary(tf.squaredDifference),
  prelu: binary(tf.prelu),
  and: binary((a, b) => tf.logicalAnd(tf.cast(a, 'bool'), tf.cast(b, 'bool'))),
  where: ([c, a, b]) => tf.where(tf.cast(c, 'bool'), a, b),
  clip: ([x], [n]) => tf.clipByValue(x, -0.5 - n / 40, 0.75),
  gather,
  transpose: ([x], [n]) => {
    const axes = x.shape.map((_, axis) => (axis + n) % x.rank);
    return tf.transpose(x, axes);
  },
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
  sum: reduced((x, axis, keep) => tf.sum(x, axis, keep)),
  mean: reduced((x, axis, keep) => tf.mean(x, axis, keep)),
  max: reduced((x, axis, keep) => tf.max(x, axis, keep)),
  min: reduced((x, axis, keep) => tf.min(x, axis, keep)),
  prod: reduced((x, axis, keep) => tf.prod(x, axis, keep)),
  any: reduced((x, axis, keep) => tf.any(tf.cast(x, 'bool'), axis, keep)),
  all: reduced((x, axis, keep) => tf.all(tf.cast(x, 'bool'), axis, keep)),
  cumsum: ([x], [n, m]) => tf.cumsum(x, axisOf(x, n), m % 2 === 1, m % 3 === 1),
  cumprod: ([x], [n, m]) => tf.cumprod(x, axisOf(x, n), m % 2 === 1, m % 3 === 1),
  argMax: ([x], [n]) => tf.argMax(tf.cast(tf.round(tf.cast(x, 'float32')), 'int32'), axisOf(x, n)),
  softmax: unary((x) => tf.softmax(tf.cast(x, 'float32'))),
  logSoftmax: unary((x) => tf.logSoftmax(tf.cast(x, 'float32'))),
  oneHot: ([x], [n]) => tf.oneHot(tf.cast(x, 'int32'), 2 + (n % 4)),
  matMul: ([a, b], [n]) => tf.matMul(a, b, n % 2 === 1, n % 3 === 1),
  gram: unary((x) => tf.matMul(x, x, false, true)),
  layerNorm: unary((x) => {
    const { mean, variance } = tf.moments(x, -1, true);
    return tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-3)));
  }),
  conv: ([x, f], [n]) =>
    tf.conv2d(x as tf.Tensor4D, f as tf.Tensor4D, 1 + (n % 2), n % 3 ? 'same' : 'valid'),
  depthwise: ([x, f], [n]) =>
    tf.depthwiseConv2d(x as tf.Tensor4D, f as tf.Tensor4D, 1 + (n % 2), n % 3 ? 'same' : 'valid'),
  maxPool: ([x], [n]) =>
    tf.maxPool(x as tf.Tensor4D, 1 + (n % 3), 1 + (n % 2), n % 3 ? 'same' : 'valid'),
  avgPool: ([x], [n]) =>
    tf.avgPool(x as tf.Tensor4D, 1 + (n % 3), 1 + (n % 2), n % 3 ? 'same' : 'valid'),
  resize: ([x], [n, m]) =>
    tf.image.resizeBilinear(x as tf.Tensor4D, [1 + (n % 6), 1 + (m % 5)], n % 2 === 1),
  diag: unary((x) => tf.diag(x)),
};

const MAX_SIZE = 600;

interface Outcome {
  /** By step, its results; an error where it threw. */
  readonly steps: (readonly Result[] | Error)[];
}

/** Runs the steps of a program; those that threw on `cpu` are left out. */
async function run({ inputs, steps }: Program, onCpu?: Outcome): Promise<Outcome> {
  const tensors = inputs.map(make);
  const made: (tf.Tensor[] | Error)[] = [];
  for (const [at, { op, operands, numbers }] of steps.entries()) {
    const before = onCpu?.steps[at];
    if (before instanceof Error) {
      made.push(before);
      continue;
    }
    try {
      const xs = operands.map((n) => tensors[n % tensors.length]);
      const results = tf.tidy(() => [OPS[op](xs, numbers)].flat());
      const isFine = results.every(({ size, rank }) => size <= MAX_SIZE && rank <= 6);
      if (!isFine) throw new Error('too large to go on with');
      tensors.push(...results);
      made.push(results);
    } catch (error) {
      if (onCpu) {
        throw new Error(`step ${at}, ${op}: throws ${(error as Error).message}`, { cause: error });
      }
      made.push(error as Error);
    }
  }
  const outcome: Outcome = { steps: [] };
  for (const one of made) {
    outcome.steps.push(one instanceof Error ? one : await Promise.all(one.map(resultOf)));
  }
  tf.dispose(tensors);
  return outcome;
}

async function check(program: Program): Promise<void> {
  await tf.setBackend('cpu');
  const expected = await run(program);
  const actual = await inTime(() => judged(() => run(program, expected)));
  expected.steps.forEach((results, at) => {
    if (results instanceof Error) return;
    const { op } = program.steps[at];
    results.forEach((result, i) => {
      const difference = differenceOf((actual.steps[at] as Result[])[i], result);
      if (difference) throw new Error(`step ${at}, ${op}: ${difference}`);
    });
  });
}

const dims = fc.constantFrom(1, 2, 3, 4, 5, 8);
const shape = fc.oneof(
  { weight: 4, arbitrary: fc.array(dims, { maxLength: 4 }) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom(1, 2), dims, dims, fc.constantFrom(1, 3, 4)) },
  { weight: 1, arbitrary: fc.array(fc.constantFrom(0, 1, 2, 3), { minLength: 1, maxLength: 6 }) },
);

const text = ({ inputs, steps }: Program): string =>
  [
    ...inputs.map(
      (input, i) =>
        `t${i} = ${input.dtype} [${input.shape}]${input.isSpecial ? ' with NaN, ∞' : ''}, seed ${input.seed}`,
    ),
    ...steps.map(
      ({ op, operands, numbers }, i) => `step ${i}: ${op}(t${operands.join(', t')}; ${numbers})`,
    ),
  ].join('\n');

export const programs: Kind<Program> = {
  name: 'programs',
  inputs: fc
    .record({
      inputs: fc.array(
        fc.record({
          shape,
          dtype: fc.constantFrom<DType>('float32', 'float32', 'float32', 'int32', 'bool'),
          seed: fc.nat(9),
          isSpecial: fc.constantFrom(false, false, true),
        }),
        { minLength: 1, maxLength: 4 },
      ),
      steps: fc.array(
        fc.record({
          op: fc.constantFrom(...Object.keys(OPS)),
          operands: fc.array(fc.nat(20), { minLength: 3, maxLength: 3 }),
          numbers: fc.array(fc.nat(11), { minLength: 2, maxLength: 2 }),
        }),
        { minLength: 6, maxLength: 24, size: 'max' },
      ),
    })
    .map((program) => Object.assign(program, { toString: () => text(program) })),
  check,
};
