/** Layers models, eager code and a training step, for inputs of any size. */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { registerCustomLayers } from '../eager/custom-layers';
import { loadModel } from '../models/load';
import { selectModels } from '../models/zoo';
import { numbers, tokens, type OpenProgram, type ShapeProgram } from './program';

const WORDS = 97;
const WIDTH = 48;
const CLASSES = 7;

/** A model of the zoo; its only input takes any of the sizes. */
async function openZoo(name: string): Promise<OpenProgram> {
  registerCustomLayers();
  const [entry] = selectModels([name]);
  const model = await loadModel(entry);
  const run = ([input]: readonly tf.Tensor[]): tf.Tensor[] =>
    model.run({ [entry.inputs[0].name]: input }) as tf.Tensor[];
  return { graph: model.graph, run, dispose: () => model.dispose() };
}

/** Weights of a layers model from a seed: its own initialisers are random. */
function fillWeights(model: layers.LayersModel): void {
  tf.tidy(() => {
    const filled = model.getWeights().map(({ shape }, at) => {
      const scale = 1 / Math.sqrt(shape.length > 1 ? tf.util.sizeFromShape(shape.slice(0, -1)) : 8);
      return tf.mul(numbers(shape, 1000 + at), scale);
    });
    model.setWeights(filled);
  });
}

/** Words, a convolution over them, and the strongest answers: a classifier of texts. */
async function openClassifier(): Promise<OpenProgram> {
  const model = layers.sequential({
    layers: [
      layers.layers.embedding({
        inputDim: WORDS,
        outputDim: WIDTH,
        inputShape: [null],
      }),
      layers.layers.conv1d({ filters: 40, kernelSize: 3, padding: 'same', activation: 'relu' }),
      layers.layers.layerNormalization(),
      layers.layers.globalMaxPooling1d({}),
      layers.layers.dense({ units: 32, activation: 'tanh' }),
      layers.layers.dense({ units: CLASSES, activation: 'softmax' }),
    ],
  });
  fillWeights(model);
  const run = ([input]: readonly tf.Tensor[]): tf.Tensor[] => [model.predict(input) as tf.Tensor];
  return { run, dispose: () => model.dispose() };
}

/** Pre-norm attention over plain tensors, without a model around it. */
async function openEagerBlock(): Promise<OpenProgram> {
  const heads = 3;
  const size = WIDTH / heads;
  const [wq, wk, wv, wo, w1, w2] = [0, 1, 2, 3, 4, 5].map((at) => {
    const shape = at === 4 ? [WIDTH, 96] : at === 5 ? [96, WIDTH] : [WIDTH, WIDTH];
    return tf.tidy(() => tf.mul(numbers(shape, 50 + at), 1 / Math.sqrt(shape[0])));
  });
  const norm = (x: tf.Tensor): tf.Tensor => {
    const { mean, variance } = tf.moments(x, -1, true);
    return tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)));
  };
  const run = ([x]: readonly tf.Tensor[]): tf.Tensor[] =>
    tf.tidy(() => {
      const [batch, length] = x.shape;
      const dense = (y: tf.Tensor, w: tf.Tensor): tf.Tensor =>
        tf.matMul(tf.reshape(y, [batch * length, -1]), w);
      const split = (y: tf.Tensor): tf.Tensor =>
        tf.transpose(tf.reshape(y, [batch, length, heads, size]), [0, 2, 1, 3]);
      const normal = norm(x);
      const [q, k, v] = [wq, wk, wv].map((w) => split(dense(normal, w)));
      const shares = tf.softmax(tf.div(tf.matMul(q, k, false, true), Math.sqrt(size)));
      const mixed = tf.transpose(tf.matMul(shares, v), [0, 2, 1, 3]);
      const sum = tf.add(x, tf.reshape(dense(mixed, wo), x.shape));
      const inner = dense(tf.relu(dense(norm(sum), w1)), w2);
      return [tf.add(sum, tf.reshape(inner, x.shape))];
    });
  return { run, dispose: () => tf.dispose([wq, wk, wv, wo, w1, w2]) };
}

/** Loss and gradients of a small classifier: the last batch of an epoch is smaller. */
async function openTrainingStep(): Promise<OpenProgram> {
  const shapes = [[20, 32], [32], [32, CLASSES], [CLASSES]];
  const weights = shapes.map((shape, at) =>
    tf.variable(tf.tidy(() => tf.mul(numbers(shape, 80 + at), 0.3))),
  );
  const [w1, b1, w2, b2] = weights;
  const run = ([x]: readonly tf.Tensor[]): tf.Tensor[] => {
    const labels = tf.tidy(() =>
      tf.oneHot(tf.mod(tf.range(0, x.shape[0], 1, 'int32'), tf.scalar(CLASSES, 'int32')), CLASSES),
    );
    const { value, grads } = tf.variableGrads(() => {
      const hidden = tf.relu(tf.add(tf.matMul(x as tf.Tensor2D, w1 as tf.Tensor2D), b1));
      const logits = tf.add(tf.matMul(hidden, w2), b2);
      const shares = tf.logSoftmax(logits);
      return tf.neg(tf.mean(tf.sum(tf.mul(shares, labels), -1)));
    }, weights);
    labels.dispose();
    return [value, ...weights.map(({ name }) => grads[name])];
  };
  return { run, dispose: () => tf.dispose(weights) };
}

export const otherPrograms: readonly ShapeProgram[] = [
  {
    name: 'emotion',
    ranges: { batch: [1, 12] },
    inputs: (s, seed) => [numbers([s.batch, 64, 64, 1], seed)],
    open: () => openZoo('emotion'),
    tolerance: 1e-4,
  },
  {
    name: 'liveness',
    ranges: { batch: [1, 40] },
    inputs: (s, seed) => [numbers([s.batch, 32, 32, 3], seed)],
    open: () => openZoo('liveness'),
    tolerance: 1e-4,
  },
  {
    name: 'upscaler-layers',
    ranges: { height: [8, 48], width: [8, 48] },
    inputs: (s, seed) => [
      tf.tidy(() => tf.mul(tf.add(numbers([1, s.height, s.width, 3], seed), 1), 127)),
    ],
    open: () => openZoo('upscaler-default-x2'),
    tolerance: 1e-4,
  },
  {
    name: 'text-layers',
    ranges: { batch: [1, 6], tokens: [4, 80] },
    inputs: (s, seed) => [tokens([s.batch, s.tokens], WORDS, seed)],
    open: openClassifier,
    tolerance: 1e-4,
  },
  {
    name: 'eager-block',
    ranges: { batch: [1, 3], tokens: [2, 64] },
    inputs: (s, seed) => [numbers([s.batch, s.tokens, WIDTH], seed)],
    open: openEagerBlock,
    tolerance: 1e-4,
  },
  {
    name: 'training-step',
    ranges: { batch: [1, 80] },
    inputs: (s, seed) => [numbers([s.batch, 20], seed)],
    open: openTrainingStep,
    tolerance: 1e-4,
  },
];
