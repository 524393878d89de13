/** Tensors that sweeps are made of: small, of odd sizes, the same on every backend. */
import * as tf from '@tensorflow/tfjs-core';

export type SweptType = 'float32' | 'int32' | 'bool';

/** Odd sizes, one of them 1; products stay small. */
export const SHAPES: readonly number[][] = [
  [],
  [7],
  [5, 3],
  [3, 1, 5],
  [2, 3, 1, 5],
  [2, 1, 3, 2, 3],
  [2, 1, 3, 2, 1, 3],
];

/** Elements with a sign; whole numbers of both signs for int32, both truths for bool. */
export function make(shape: readonly number[], dtype: SweptType = 'float32', seed = 1): tf.Tensor {
  const size = tf.util.sizeFromShape([...shape]);
  const wave = Array.from({ length: size }, (_, i) => Math.sin(seed * 12.9 + i * 1.7));
  const values =
    dtype === 'float32'
      ? wave.map((x) => Math.fround(2 * x))
      : wave.map((x) => (dtype === 'bool' ? Number(x > 0) : Math.round(6 * x)));
  return tf.tensor(dtype === 'bool' ? values.map(Boolean) : values, [...shape], dtype);
}

/** Between a little above 0 and 1. */
export const positive = (shape: readonly number[], seed = 1): tf.Tensor =>
  tf.add(tf.mul(tf.abs(tf.sin(make(shape, 'float32', seed))), 0.8), 0.1);

export const ints = (values: readonly number[], shape: number[] = [values.length]): tf.Tensor1D =>
  tf.tensor<tf.Rank.R1>([...values], shape as [number], 'int32');
