/** Kernels that are bound by memory: normalisations, reductions, movement, elementwise chains. */
import * as tf from '@tensorflow/tfjs-core';
import { elements, type Group, type KernelCase } from './case';

function layerNorm(rows: number, columns: number): KernelCase {
  const size = rows * columns;
  return {
    name: `layer norm ${rows}·${columns}`,
    group: 'normalisation',
    inputs: [[rows, columns]],
    weights: [[columns], [columns]],
    run: ([x], [scale, offset], named) => {
      if (named) return named.layerNorm(x, scale, offset, { epsilon: 1e-5 });
      const { mean, variance } = tf.moments(x, -1, true);
      const normalized = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)));
      return tf.add(tf.mul(normalized, scale), offset);
    },
    flops: 8 * size,
    bytes: 8 * size,
  };
}

interface Streaming {
  readonly name: string;
  readonly group: Group;
  readonly inputs: readonly (readonly number[])[];
  readonly result: number;
  /** Operations an element of the result. */
  readonly each?: number;
  run(inputs: readonly tf.Tensor[]): tf.Tensor;
}

/** A kernel that reads its inputs once and writes its result. */
function streaming({ name, group, inputs, result, each = 0, run }: Streaming): KernelCase {
  const read = inputs.reduce((sum, shape) => sum + elements(shape), 0);
  return {
    name,
    group,
    inputs,
    weights: [],
    run,
    flops: each * result,
    bytes: 4 * (read + result),
  };
}

const softmax = (rows: number, columns: number): KernelCase =>
  streaming({
    name: `softmax ${rows}·${columns}`,
    group: 'normalisation',
    inputs: [[rows, columns]],
    result: rows * columns,
    each: 4,
    run: ([x]) => tf.softmax(x),
  });

const sum = (shape: readonly number[], axis: number | undefined, name: string): KernelCase =>
  streaming({
    name: `sum ${name}`,
    group: 'reduction',
    inputs: [shape],
    result: axis === undefined ? 1 : elements(shape) / shape[axis],
    run: ([x]) => tf.sum(x, axis),
  });

export const OTHERS: readonly KernelCase[] = [
  layerNorm(128, 256),
  layerNorm(512, 768),
  layerNorm(1024, 4096),
  softmax(1024, 1024),
  softmax(4096, 512),
  sum([1 << 20], undefined, '2²⁰ → 1'),
  sum([1024, 1024], 0, '1024² over rows'),
  sum([1024, 1024], 1, '1024² over columns'),
  streaming({
    name: 'global average 7² 1280',
    group: 'reduction',
    inputs: [[1, 7, 7, 1280]],
    result: 1280,
    run: ([x]) => tf.mean(x, [1, 2]),
  }),
  streaming({
    name: 'transpose 1024²',
    group: 'movement',
    inputs: [[1024, 1024]],
    result: 1024 * 1024,
    run: ([x]) => tf.transpose(x),
  }),
  streaming({
    name: 'transpose 1000·1023',
    group: 'movement',
    inputs: [[1000, 1023]],
    result: 1000 * 1023,
    run: ([x]) => tf.transpose(x),
  }),
  streaming({
    name: 'heads to the front 512·8·64',
    group: 'movement',
    inputs: [[1, 512, 8, 64]],
    result: 512 * 8 * 64,
    run: ([x]) => tf.transpose(x, [0, 2, 1, 3]),
  }),
  streaming({
    name: 'concat and relu 56² 64+64',
    group: 'movement',
    inputs: [
      [1, 56, 56, 64],
      [1, 56, 56, 64],
    ],
    result: 56 * 56 * 128,
    run: ([a, b]) => tf.relu(tf.concat([a, b], 3)),
  }),
  streaming({
    name: 'bilinear 28² → 56² 128',
    group: 'movement',
    inputs: [[1, 28, 28, 128]],
    result: 56 * 56 * 128,
    each: 8,
    run: ([x]) => tf.image.resizeBilinear(x as tf.Tensor4D, [56, 56]),
  }),
  streaming({
    name: 'six elementwise ops 1024²',
    group: 'elementwise',
    inputs: [[1024, 1024]],
    result: 1024 * 1024,
    each: 20,
    run: ([x]) => tf.tanh(tf.sub(tf.sigmoid(tf.relu(tf.add(tf.mul(x, 1.01), 0.1))), 0.2)),
  }),
  streaming({
    name: 'max pool 3×3 s2 112² 64',
    group: 'reduction',
    inputs: [[1, 112, 112, 64]],
    result: 56 * 56 * 64,
    each: 9,
    run: ([x]) => tf.maxPool(x as tf.Tensor4D, 3, 2, 'same'),
  }),
];
