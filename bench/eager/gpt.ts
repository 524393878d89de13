/** A small GPT written as eager code: a forward pass, and training steps. */
import * as tf from '@tensorflow/tfjs-core';
import type { Workload } from './workload';

const CONFIG = { vocabulary: 64, context: 32, width: 64, heads: 4, blocks: 2, batch: 4 };

interface Block {
  readonly qkv: tf.Variable;
  readonly out: tf.Variable;
  readonly up: tf.Variable;
  readonly down: tf.Variable;
  readonly gains: readonly tf.Variable[];
}

interface Gpt {
  readonly tokens: tf.Variable;
  readonly positions: tf.Variable;
  readonly blocks: readonly Block[];
}

function createGpt(): { model: Gpt; weights: tf.Variable[] } {
  const { vocabulary, context, width, blocks } = CONFIG;
  const weights: tf.Variable[] = [];
  const weight = (...shape: number[]): tf.Variable => {
    const initial = tf.randomNormal(shape, 0, 0.08, 'float32', weights.length + 1);
    const made = tf.variable(initial);
    initial.dispose();
    weights.push(made);
    return made;
  };
  const gain = (): tf.Variable => {
    const made = tf.variable(tf.ones([width]));
    weights.push(made);
    return made;
  };
  const model = {
    tokens: weight(vocabulary, width),
    positions: weight(context, width),
    blocks: Array.from({ length: blocks }, () => ({
      qkv: weight(width, 3 * width),
      out: weight(width, width),
      up: weight(width, 4 * width),
      down: weight(4 * width, width),
      gains: [gain(), gain()],
    })),
  };
  return { model, weights };
}

function normalize(x: tf.Tensor, gain: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  return tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5))), gain);
}

/** `x · w` for rows of any batch. */
function linear(x: tf.Tensor, w: tf.Tensor): tf.Tensor {
  const rows = tf.reshape(x, [-1, w.shape[0]]);
  return tf.reshape(tf.matMul(rows, w), [...x.shape.slice(0, -1), w.shape[1] as number]);
}

function attend(x: tf.Tensor, { qkv, out }: Block, mask: tf.Tensor): tf.Tensor {
  const { batch, context, width, heads } = CONFIG;
  const size = width / heads;
  const parts = tf.split(linear(x, qkv), 3, -1);
  const [q, k, v] = parts.map((part) =>
    tf.transpose(tf.reshape(part, [batch, context, heads, size]), [0, 2, 1, 3]),
  );
  const scores = tf.add(tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(size)), mask);
  const mixed = tf.transpose(tf.matMul(tf.softmax(scores), v), [0, 2, 1, 3]);
  return linear(tf.reshape(mixed, [batch, context, width]), out);
}

function gelu(x: tf.Tensor): tf.Tensor {
  const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.pow(x, 3))));
  return tf.mul(tf.mul(0.5, x), tf.add(1, tf.tanh(inner)));
}

function logits({ tokens, positions, blocks }: Gpt, ids: tf.Tensor, mask: tf.Tensor): tf.Tensor {
  let x: tf.Tensor = tf.add(tf.gather(tokens, ids as tf.Tensor2D), positions);
  for (const block of blocks) {
    x = tf.add(x, attend(normalize(x, block.gains[0]), block, mask));
    x = tf.add(x, linear(gelu(linear(normalize(x, block.gains[1]), block.up)), block.down));
  }
  const { batch, context, width } = CONFIG;
  return tf.matMul(tf.reshape(x, [batch * context, width]), tokens, false, true);
}

function createData() {
  const { batch, context, vocabulary } = CONFIG;
  const length = batch * context;
  const text = Int32Array.from({ length: length + 1 }, (_, i) => (i * i + 3 * i) % vocabulary);
  const mask = tf.buffer([context, context]);
  for (let row = 0; row < context; row++) {
    for (let column = row + 1; column < context; column++) mask.set(-1e9, row, column);
  }
  return {
    ids: tf.tensor2d(text.subarray(0, length), [batch, context], 'int32'),
    targets: tf.cast(tf.oneHot(tf.tensor1d(text.subarray(1), 'int32'), vocabulary), 'float32'),
    mask: mask.toTensor(),
  };
}

const forward: Workload = {
  name: 'GPT, forward',
  group: 'model',
  async open() {
    const { model, weights } = createGpt();
    const { ids, targets, mask } = createData();
    return {
      run: () => [tf.tidy(() => logits(model, ids, mask))],
      dispose: () => tf.dispose([...weights, ids, targets, mask]),
    };
  },
};

const training: Workload = {
  name: 'GPT, training step',
  group: 'training',
  async open() {
    const { model, weights } = createGpt();
    const { ids, targets, mask } = createData();
    const optimizer = tf.train.adam(3e-3);
    const loss = (): tf.Scalar =>
      tf.losses.softmaxCrossEntropy<tf.Tensor, tf.Scalar>(targets, logits(model, ids, mask));
    return {
      run: () => [optimizer.minimize(loss, true, weights) as tf.Scalar],
      dispose() {
        optimizer.dispose();
        tf.dispose([...weights, ids, targets, mask]);
      },
    };
  },
};

export const gpt: readonly Workload[] = [forward, training];
