/** Encoder and decoder blocks in the forms of the exporters that tfjs models come from. */
import { BlockWriter, type BlockOptions } from './writer';

type Layer = (w: BlockWriter, x: string, mask: string) => string;

/** BERT from TF-Hub: dense layers on rows, heads by reshape and transpose, post-norm, erf GELU. */
const bertLayer: Layer = (w, x, mask) => {
  const { batch, tokens, width, heads, hidden } = w.options;
  const split = (rows: string) =>
    w.transpose(w.reshape(rows, [batch, tokens, heads, w.headSize]), [0, 2, 1, 3]);
  const rows = w.reshape(x, [batch * tokens, width]);
  const [q, k, v] = [0, 1, 2].map(() => split(w.dense(rows, width, width)));
  const scores = w.op('Mul', [w.batchMatMul(q, k, true), w.constant(1 / Math.sqrt(w.headSize))]);
  const weights = w.op('Softmax', [w.op('AddV2', [scores, mask])]);
  const context = w.transpose(w.batchMatMul(weights, v), [0, 2, 1, 3]);
  const merged = w.reshape(context, [batch * tokens, width]);
  const attended = w.layerNorm(w.op('AddV2', [w.dense(merged, width, width), rows]));
  const inner = w.geluErf(w.dense(attended, width, hidden));
  const y = w.layerNorm(w.op('AddV2', [w.dense(inner, hidden, width), attended]), 1e-12);
  return w.reshape(y, [batch, tokens, width]);
};

/** EinsumDense, as in Keras' MultiHeadAttention. */
function einsumDense(w: BlockWriter, equation: string, x: string, shape: number[], bias: number[]) {
  const fan = shape.length === 3 && bias.length === 1 ? shape[0] * shape[1] : shape[0];
  const y = w.einsum(equation, x, w.weight(shape, 1 / Math.sqrt(fan)));
  return w.op('AddV2', [y, w.weight(bias, 0.1)]);
}

/** Keras' MultiHeadAttention: Einsum throughout, queries scaled, keys first in the product. */
function kerasAttention(w: BlockWriter, x: string, mask: string): string {
  const { width, heads } = w.options;
  const size = w.headSize;
  const project = () => einsumDense(w, 'abc,cde->abde', x, [width, heads, size], [heads, size]);
  const [q, k, v] = [project(), project(), project()];
  const scaled = w.op('Mul', [q, w.constant(1 / Math.sqrt(size))]);
  const scores = w.op('AddV2', [w.einsum('aecd,abcd->acbe', k, scaled), mask]);
  const context = w.einsum('acbe,aecd->abcd', w.op('Softmax', [scores]), v);
  return einsumDense(w, 'abcd,cde->abe', context, [heads, size, width], [width]);
}

function kerasDense(w: BlockWriter, x: string, from: number, to: number): string {
  const { batch, tokens } = w.options;
  const y = w.reshape(w.matMul(w.reshape(x, [batch * tokens, from]), from, to), [
    batch,
    tokens,
    to,
  ]);
  return w.op('BiasAdd', [y, w.weight([to], 0.1)]);
}

/** keras_nlp's TransformerEncoder: post-norm. */
const kerasLayer: Layer = (w, x, mask) => {
  const { width, hidden } = w.options;
  const attended = w.layerNorm(w.op('AddV2', [x, kerasAttention(w, x, mask)]), 1e-5);
  const inner = w.geluErf(kerasDense(w, attended, width, hidden));
  return w.layerNorm(w.op('AddV2', [attended, kerasDense(w, inner, hidden, width)]), 1e-5);
};

/** A ViT block of Keras' examples: pre-norm. */
const vitLayer: Layer = (w, x, mask) => {
  const { width, hidden } = w.options;
  const sum = w.op('AddV2', [x, kerasAttention(w, w.layerNorm(x), mask)]);
  const inner = w.geluErf(kerasDense(w, w.layerNorm(sum), width, hidden));
  return w.op('AddV2', [sum, kerasDense(w, inner, hidden, width)]);
};

/** GPT-2: pre-norm, one product for queries, keys and values, a causal mask, tanh GELU. */
const gptLayer: Layer = (w, x) => {
  const { batch, tokens, width, heads, hidden } = w.options;
  const rowsOf = (y: string) => w.reshape(y, [batch * tokens, width]);
  const joint = w.reshape(w.dense(rowsOf(w.layerNorm(x)), width, 3 * width), [
    batch,
    tokens,
    3 * width,
  ]);
  const split = (part: number) => {
    const begin = w.ints([0, 0, part * width]);
    const piece = w.op('Slice', [joint, begin, w.ints([batch, tokens, width])]);
    return w.transpose(w.reshape(piece, [batch, tokens, heads, w.headSize]), [0, 2, 1, 3]);
  };
  const scores = w.op('RealDiv', [
    w.batchMatMul(split(0), split(1), true),
    w.constant(Math.sqrt(w.headSize)),
  ]);
  const lower = Array.from({ length: tokens * tokens }, (_, i) =>
    i % tokens <= i / tokens ? 1 : 0,
  );
  const seen = w.constant(lower, [1, 1, tokens, tokens]);
  const hidden1 = w.op('Sub', [w.constant(1), seen]);
  const masked = w.op('Sub', [
    w.op('Mul', [scores, seen]),
    w.op('Mul', [w.constant(1e10), hidden1]),
  ]);
  const context = w.transpose(w.batchMatMul(w.op('Softmax', [masked]), split(2)), [0, 2, 1, 3]);
  const merged = w.dense(w.reshape(context, [batch * tokens, width]), width, width);
  const sum = w.op('AddV2', [x, w.reshape(merged, [batch, tokens, width])]);
  const inner = w.geluTanh(w.dense(rowsOf(w.layerNorm(sum)), width, hidden));
  const y = w.reshape(w.dense(inner, hidden, width), [batch, tokens, width]);
  return w.op('AddV2', [sum, y]);
};

/** x / √(mean(x²) + ε) · s, as T5 normalises. */
function rmsNorm(w: BlockWriter, x: string): string {
  const power = w.mean(w.op('Square', [x]), -1);
  const inverse = w.op('Rsqrt', [w.op('AddV2', [power, w.constant(1e-6)])]);
  return w.op('Mul', [w.op('Mul', [x, inverse]), w.weight([w.options.width], 0.2, 1)]);
}

/** T5 1.1: RMS pre-norm, no biases, a bias of the scores for each head, gated tanh GELU. */
const t5Layer: Layer = (w, x) => {
  const { batch, tokens, width, heads, hidden } = w.options;
  const rowsOf = (y: string) => w.reshape(y, [batch * tokens, width]);
  const normal = rowsOf(rmsNorm(w, x));
  const split = (rows: string) =>
    w.transpose(w.reshape(rows, [batch, tokens, heads, w.headSize]), [0, 2, 1, 3]);
  const [q, k, v] = [0, 1, 2].map(() => split(w.matMul(normal, width, width)));
  const scores = w.op('AddV2', [
    w.batchMatMul(q, k, true),
    w.weight([1, heads, tokens, tokens], 1),
  ]);
  const context = w.transpose(w.batchMatMul(w.op('Softmax', [scores]), v), [0, 2, 1, 3]);
  const merged = w.matMul(w.reshape(context, [batch * tokens, width]), width, width);
  const sum = w.op('AddV2', [x, w.reshape(merged, [batch, tokens, width])]);
  const inner = rowsOf(rmsNorm(w, sum));
  const gate = w.geluTanh(w.matMul(inner, width, hidden));
  const gated = w.op('Mul', [gate, w.matMul(inner, width, hidden)]);
  const y = w.reshape(w.matMul(gated, hidden, width), [batch, tokens, width]);
  return w.op('AddV2', [sum, y]);
};

export const LAYERS = {
  bert: bertLayer,
  keras: kerasLayer,
  vit: vitLayer,
  gpt2: gptLayer,
  t5: t5Layer,
} as const;

export type Exporter = keyof typeof LAYERS;

export const BASE: BlockOptions = {
  batch: 1,
  tokens: 128,
  width: 256,
  heads: 4,
  hidden: 1024,
  layers: 1,
};

/** A stack of blocks: inputs `x` and, for the encoders, `mask` (1 sees, 0 hides a key). */
export function writeTransformer(
  exporter: Exporter,
  options: Partial<BlockOptions> = {},
): BlockWriter {
  const w = new BlockWriter({ ...BASE, ...options });
  const { batch, tokens, width, layers } = w.options;
  let x = w.placeholder('x', 'float32', [batch, tokens, width]);
  const seen = w.placeholder('mask', 'float32', [batch, tokens]);
  const hides = w.op('Sub', [w.constant(1), w.reshape(seen, [batch, 1, 1, tokens])]);
  const mask = w.op('Mul', [hides, w.constant(-10000)]);
  for (let layer = 0; layer < layers; layer++) x = LAYERS[exporter](w, x, mask);
  w.node('y', 'Identity', [x]);
  return w;
}
