/** Scalar ops of ours that tfjs has no kernel for, said in ops that it has. */
import * as tf from '@tensorflow/tfjs-core';

/** Each rounds on the way, to 24 bits, once for every op that it is made of. */
export const COMPOSED: Readonly<
  Record<string, ((...inputs: tf.Tensor[]) => tf.Tensor) | undefined>
> = {
  Mish: (x) => tf.mul(x, tf.tanh(tf.log1p(tf.exp(x)))),
};
