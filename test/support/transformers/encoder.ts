/**
 * One encoder block (pre-norm: attention, then an MLP) in the three forms in which apps have it: a graph
 * model, a layers model, and eager code over plain tensors. All from the same weights.
 */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { BlockWriter, seededWeight, type BlockOptions } from './writer';

const NAMES = [
  ...['gain1', 'shift1', 'wq', 'bq', 'wk', 'bk', 'wv', 'bv', 'wo', 'bo'],
  ...['gain2', 'shift2', 'w1', 'b1', 'w2', 'b2'],
] as const;
type Name = (typeof NAMES)[number];

/** Epsilon of both layer normalisations. */
const EPSILON = 1e-5;

export interface EncoderWeight {
  readonly shape: number[];
  readonly values: Float32Array;
}

export type EncoderWeights = Readonly<Record<Name, EncoderWeight>>;

/** Weights of a block; other ones for another seed. */
export function encoderWeights({ width, hidden }: BlockOptions, seed = 1): EncoderWeights {
  const shapeOf = (name: Name): number[] => {
    if (name === 'w1') return [width, hidden];
    if (name === 'w2') return [hidden, width];
    if (name === 'b1') return [hidden];
    return name.startsWith('w') ? [width, width] : [width];
  };
  const entries = NAMES.map((name, at): [Name, EncoderWeight] => {
    const shape = shapeOf(name);
    const size = shape.length === 1 ? 0.2 : undefined;
    const around = name.startsWith('gain') ? 1 : 0;
    return [name, { shape, values: seededWeight(100 * seed + at, shape, size, around) }];
  });
  return Object.fromEntries(entries) as EncoderWeights;
}

/** As a converter leaves it: `tf.nn.moments`, MatMul on rows, Softmax, GELU from Erf. */
export function encoderGraph(options: BlockOptions, weights: EncoderWeights): BlockWriter {
  const w = new BlockWriter(options);
  const { batch, tokens, width, heads } = options;
  const constant = (name: Name): string =>
    w.constant(Array.from(weights[name].values), weights[name].shape);
  const dense = (x: string, kernel: Name, bias: Name): string =>
    w.op('BiasAdd', [w.op('MatMul', [x, constant(kernel)]), constant(bias)]);
  const norm = (x: string, gain: Name, shift: Name): string =>
    w.layerNorm(x, EPSILON, constant(gain), constant(shift));
  const rows = (x: string): string => w.reshape(x, [batch * tokens, width]);
  const split = (x: string): string =>
    w.transpose(w.reshape(x, [batch, tokens, heads, w.headSize]), [0, 2, 1, 3]);
  const x = w.placeholder('x', 'float32', [batch, tokens, width]);
  const normal = rows(norm(x, 'gain1', 'shift1'));
  const [q, k, v] = [
    split(dense(normal, 'wq', 'bq')),
    split(dense(normal, 'wk', 'bk')),
    split(dense(normal, 'wv', 'bv')),
  ];
  const scores = w.op('Mul', [w.batchMatMul(q, k, true), w.constant(1 / Math.sqrt(w.headSize))]);
  const mixed = w.transpose(w.batchMatMul(w.op('Softmax', [scores]), v), [0, 2, 1, 3]);
  const sum = w.op('AddV2', [rows(x), dense(rows(mixed), 'wo', 'bo')]);
  const inner = w.geluErf(dense(norm(sum, 'gain2', 'shift2'), 'w1', 'b1'));
  const y = w.op('AddV2', [sum, dense(inner, 'w2', 'b2')]);
  w.node('y', 'Reshape', [y, w.ints([batch, tokens, width])]);
  return w;
}

/** A block as a function of plain tensors, and what it must dispose of. */
export interface EagerEncoder {
  run(x: tf.Tensor): tf.Tensor;
  readonly weights: Readonly<Record<Name, tf.Tensor>>;
  dispose(): void;
}

/** As its author writes it down in eager code. */
export function encoderEager(options: BlockOptions, given: EncoderWeights): EagerEncoder {
  const { batch, tokens, width, heads } = options;
  const size = width / heads;
  const weights = Object.fromEntries(
    NAMES.map((name) => [name, tf.tensor(given[name].values, given[name].shape)]),
  ) as Record<Name, tf.Tensor>;
  const norm = (x: tf.Tensor, gain: Name, shift: Name): tf.Tensor => {
    const { mean, variance } = tf.moments(x, -1, true);
    const scaled = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, EPSILON)));
    return tf.add(tf.mul(scaled, weights[gain]), weights[shift]);
  };
  const dense = (x: tf.Tensor, kernel: Name, bias: Name): tf.Tensor =>
    tf.add(tf.matMul(x, weights[kernel]), weights[bias]);
  const gelu = (x: tf.Tensor): tf.Tensor =>
    tf.mul(tf.mul(0.5, x), tf.add(1, tf.erf(tf.div(x, Math.SQRT2))));
  const split = (x: tf.Tensor): tf.Tensor =>
    tf.transpose(tf.reshape(x, [batch, tokens, heads, size]), [0, 2, 1, 3]);
  const block = (x: tf.Tensor): tf.Tensor => {
    const rows = tf.reshape(x, [batch * tokens, width]);
    const normal = norm(rows, 'gain1', 'shift1');
    const [q, k, v] = [
      split(dense(normal, 'wq', 'bq')),
      split(dense(normal, 'wk', 'bk')),
      split(dense(normal, 'wv', 'bv')),
    ];
    const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(size));
    const mixed = tf.transpose(tf.matMul(tf.softmax(scores), v), [0, 2, 1, 3]);
    const sum = tf.add(rows, dense(tf.reshape(mixed, [batch * tokens, width]), 'wo', 'bo'));
    const inner = gelu(dense(norm(sum, 'gain2', 'shift2'), 'w1', 'b1'));
    return tf.reshape(tf.add(sum, dense(inner, 'w2', 'b2')), [batch, tokens, width]);
  };
  return { run: (x) => tf.tidy(() => block(x)), weights, dispose: () => tf.dispose(weights) };
}

/** softmax(q · kᵀ / √size) · v for several heads: tfjs-layers has no such layer. */
class MixHeads extends layers.layers.Layer {
  static className = 'MixHeads';

  constructor(private readonly heads: number) {
    super({});
  }

  override computeOutputShape(shapes: layers.Shape | layers.Shape[]): layers.Shape {
    return (shapes as layers.Shape[])[0];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const given = inputs as tf.Tensor[];
      const [batch, tokens, width] = given[0].shape;
      const size = width / this.heads;
      const [q, k, v] = given.map((x) =>
        tf.transpose(tf.reshape(x, [batch, tokens, this.heads, size]), [0, 2, 1, 3]),
      );
      const scores = tf.div(tf.matMul(q, k, false, true), Math.sqrt(size));
      const mixed = tf.transpose(tf.matMul(tf.softmax(scores), v), [0, 2, 1, 3]);
      return tf.reshape(mixed, [batch, tokens, width]);
    });
  }
}

/** A layers model of `layerNormalization`, `dense` and `add`. */
export function encoderLayers(options: BlockOptions, given: EncoderWeights): layers.LayersModel {
  const { tokens, width, heads, hidden } = options;
  const named: [layers.layers.Layer, readonly Name[]][] = [];
  const add = <T extends layers.layers.Layer>(layer: T, names: readonly Name[]): T => {
    named.push([layer, names]);
    return layer;
  };
  const norm = (x: layers.SymbolicTensor, gain: Name, shift: Name) =>
    add(layers.layers.layerNormalization({ epsilon: EPSILON }), [gain, shift]).apply(
      x,
    ) as layers.SymbolicTensor;
  const dense = (
    x: layers.SymbolicTensor,
    units: number,
    kernel: Name,
    bias: Name,
    activation?: 'gelu',
  ) =>
    add(layers.layers.dense({ units, activation: activation ?? 'linear' }), [kernel, bias]).apply(
      x,
    ) as layers.SymbolicTensor;
  const sum = (a: layers.SymbolicTensor, b: layers.SymbolicTensor) =>
    layers.layers.add().apply([a, b]) as layers.SymbolicTensor;
  const x = layers.input({ shape: [tokens, width] });
  const normal = norm(x, 'gain1', 'shift1');
  const heads3 = (['q', 'k', 'v'] as const).map((part) =>
    dense(normal, width, `w${part}`, `b${part}`),
  );
  const mixed = new MixHeads(heads).apply(heads3) as layers.SymbolicTensor;
  const attended = sum(x, dense(mixed, width, 'wo', 'bo'));
  const inner = dense(norm(attended, 'gain2', 'shift2'), hidden, 'w1', 'b1', 'gelu');
  const model = layers.model({
    inputs: x,
    outputs: sum(attended, dense(inner, width, 'w2', 'b2')),
  });
  tf.tidy(() => {
    for (const [layer, names] of named) {
      layer.setWeights(names.map((name) => tf.tensor(given[name].values, given[name].shape)));
    }
  });
  return model;
}
