/** Four encoder layers of BERT-base's size: eager code, and a graph model as TF-Hub's. */
import * as tf from '@tensorflow/tfjs-core';
import { writeTransformer } from '../../test/support/transformers/blocks';
import type { Program } from './program';
import { WeightSource } from './weights';

const LAYERS = 4;
const WIDTH = 768;
const HEADS = 12;
const HIDDEN = 3072;
const EPSILON = 1e-12;
/** Queries, keys and values, attention, its output, two dense layers, two normalisations. */
const DISPATCHES_OF_LAYER = 10;

interface Dense {
  readonly weights: tf.Variable<tf.Rank.R2>;
  readonly bias: tf.Variable<tf.Rank.R1>;
}

interface Norm {
  readonly scale: tf.Variable<tf.Rank.R1>;
  readonly offset: tf.Variable<tf.Rank.R1>;
}

interface Layer {
  readonly queries: Dense;
  readonly keys: Dense;
  readonly values: Dense;
  readonly merge: Dense;
  readonly attended: Norm;
  readonly expand: Dense;
  readonly project: Dense;
  readonly result: Norm;
}

/** Makes the weights of a layer, and keeps count of them. */
class LayerWriter {
  readonly made: tf.Variable[] = [];
  private readonly source = new WeightSource();

  layer(): Layer {
    return {
      queries: this.dense(WIDTH, WIDTH),
      keys: this.dense(WIDTH, WIDTH),
      values: this.dense(WIDTH, WIDTH),
      merge: this.dense(WIDTH, WIDTH),
      attended: this.norm(),
      expand: this.dense(WIDTH, HIDDEN),
      project: this.dense(HIDDEN, WIDTH),
      result: this.norm(),
    };
  }

  private dense(from: number, to: number): Dense {
    return {
      weights: this.variable([from, to], 1 / Math.sqrt(from)),
      bias: this.variable([to], 0.1),
    };
  }

  private norm(): Norm {
    return { scale: this.variable([WIDTH], 0.1, 1), offset: this.variable([WIDTH], 0.1) };
  }

  private variable<R extends tf.Rank>(shape: number[], size: number, around = 0): tf.Variable<R> {
    const initial = tf.tensor(this.source.next(shape, size, around), shape);
    const variable = tf.variable(initial, false);
    initial.dispose();
    this.made.push(variable);
    return variable as tf.Variable<R>;
  }
}

const dense = (a: tf.Tensor2D, { weights, bias }: Dense): tf.Tensor2D =>
  tf.fused.matMul({ a, b: weights, bias }) as tf.Tensor2D;

function normalize(x: tf.Tensor, { scale, offset }: Norm): tf.Tensor2D {
  const { mean, variance } = tf.moments(x, -1, true);
  const normal = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, EPSILON)));
  return tf.add(tf.mul(normal, scale), offset);
}

function gelu(x: tf.Tensor): tf.Tensor2D {
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
}

function encode(x: tf.Tensor2D, layer: Layer): tf.Tensor2D {
  const [tokens] = x.shape;
  const heads = (rows: tf.Tensor): tf.Tensor =>
    tf.transpose(tf.reshape(rows, [tokens, HEADS, WIDTH / HEADS]), [1, 0, 2]);
  const [q, k, v] = [layer.queries, layer.keys, layer.values].map((one) => heads(dense(x, one)));
  const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(WIDTH / HEADS));
  const context = tf.transpose(tf.matMul(tf.softmax(scores), v), [1, 0, 2]);
  const merged = dense(tf.reshape(context, [tokens, WIDTH]), layer.merge);
  const attended = normalize(tf.add(merged, x), layer.attended);
  const hidden = gelu(dense(attended, layer.expand));
  return normalize(tf.add(dense(hidden, layer.project), attended), layer.result);
}

export function eagerBert(tokens: number): Program {
  return {
    name: `bert, ${LAYERS} layers, ${tokens} tokens, eager`,
    dispatches: LAYERS * DISPATCHES_OF_LAYER,
    inputs: [[tokens, WIDTH]],
    open() {
      const writer = new LayerWriter();
      const layers = Array.from({ length: LAYERS }, () => writer.layer());
      return {
        run: ([x]) => layers.reduce(encode, x as tf.Tensor2D),
        dispose: () => tf.dispose(writer.made),
      };
    },
  };
}

export function graphBert(tokens: number): Program {
  return {
    name: `bert, ${LAYERS} layers, ${tokens} tokens, graph model`,
    dispatches: LAYERS * DISPATCHES_OF_LAYER,
    inputs: [
      [1, tokens, WIDTH],
      [1, tokens],
    ],
    open() {
      const sizes = { tokens, width: WIDTH, heads: HEADS, hidden: HIDDEN, layers: LAYERS };
      const model = writeTransformer('bert', sizes).load();
      return {
        // Numbers about zero are a mask that hides none by much.
        run: ([x, mask]) => model.execute({ x, mask: tf.onesLike(mask) }, 'y') as tf.Tensor,
        dispose: () => model.dispose(),
      };
    },
  };
}
