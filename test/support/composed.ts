/** The named operations as an app would write them, with tfjs's ops and their gradients. */
import * as tf from '@tensorflow/tfjs';

interface Norm {
  readonly form?: 'layer' | 'rms';
  readonly axis?: number | number[];
  readonly epsilon?: number;
}

export function normalized(
  x: tf.Tensor,
  scale?: tf.Tensor,
  offset?: tf.Tensor,
  { form = 'layer', axis = -1, epsilon = 1e-3 }: Norm = {},
): tf.Tensor {
  const centered = form === 'layer' ? tf.sub(x, tf.mean(x, axis, true)) : x;
  const variance = tf.mean(tf.square(centered), axis, true);
  let y = tf.div(centered, tf.sqrt(tf.add(variance, epsilon)));
  if (scale) y = tf.mul(y, scale);
  return offset ? tf.add(y, offset) : y;
}

export interface Attention {
  readonly mask?: tf.Tensor;
  readonly causal?: boolean;
  readonly scale?: number;
}

export function attended(
  q: tf.Tensor,
  oneK: tf.Tensor,
  oneV: tf.Tensor,
  { mask, causal, scale = 1 / Math.sqrt(q.shape[q.rank - 1]) }: Attention = {},
): tf.Tensor {
  // tfjs has no gradient of products that broadcast.
  const [k, v] = [oneK, oneV].map((x) =>
    tf.broadcastTo(x, [...q.shape.slice(0, -2), ...x.shape.slice(-2)]),
  );
  let scores: tf.Tensor = tf.mul(tf.matMul(q, k, false, true), scale);
  if (mask?.dtype === 'float32') scores = tf.add(scores, mask);
  if (mask?.dtype === 'bool') scores = tf.where(mask, scores, -1e30);
  if (causal) {
    const [queries, keys] = scores.shape.slice(-2);
    const ones = tf.linalg.bandPart(tf.ones([queries, keys]), -1, keys - queries);
    scores = tf.where(tf.cast(ones, 'bool'), scores, -1e30);
  }
  return tf.matMul(tf.softmax(scores), v);
}

/** Activations with ops of tfjs, by name. */
export const activated: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  linear: (x) => tf.mul(x, 1),
  relu: (x) => tf.relu(x),
  relu6: (x) => tf.relu6(x),
  elu: (x) => tf.elu(x),
  selu: (x) => tf.selu(x),
  leakyRelu: (x) => tf.leakyRelu(x, 0.2),
  sigmoid: (x) => tf.sigmoid(x),
  tanh: (x) => tf.tanh(x),
  softplus: (x) => tf.softplus(x),
  softsign: (x) => tf.div(x, tf.add(tf.abs(x), 1)),
  silu: (x) => tf.mul(x, tf.sigmoid(x)),
  swish: (x) => tf.mul(x, tf.sigmoid(x)),
  mish: (x) => tf.mul(x, tf.tanh(tf.softplus(x))),
  gelu: (x) => tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.div(x, Math.SQRT2)))),
  gelu_new: (x) => {
    const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.pow(x, 3))));
    return tf.mul(tf.mul(x, 0.5), tf.add(1, tf.tanh(inner)));
  },
  hardSigmoid: (x) => tf.clipByValue(tf.add(tf.mul(x, 0.2), 0.5), 0, 1),
  hardSwish: (x) => tf.div(tf.mul(x, tf.relu6(tf.add(x, 3))), 6),
  softmax: (x) => tf.softmax(x),
};

export interface Layer {
  readonly weights: tf.Tensor;
  readonly bias?: tf.Tensor;
  readonly activation?: string;
}

export function perceptron(x: tf.Tensor, layers: readonly Layer[]): tf.Tensor {
  let y: tf.Tensor = tf.reshape(x, [-1, x.shape[x.rank - 1]]);
  for (const { weights, bias, activation = 'linear' } of layers) {
    y = tf.matMul(y, weights);
    if (bias) y = tf.add(y, bias);
    y = activated[activation](y);
  }
  return tf.reshape(y, [...x.shape.slice(0, -1), y.shape[1] as number]);
}
