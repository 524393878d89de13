/** What the runtimes are compared on. */
import { MOBILENET_STAGES } from '../../test/support/mobilenet';
import type { TransformerCase } from '../transformer/cases';
import type { Dialect, Network } from './dialects/dialect';
import { tfjsArtifacts } from './dialects/tfjs';

export interface Workload {
  readonly name: string;
  readonly input: readonly number[];
  readonly network: Network;
  /** Most dispatches of `webgpu-fused`. */
  readonly dispatches: number;
}

const MLP = [784, 2048, 2048, 512];
const TOKENS = 128;
const WIDTH = 256;
const HIDDEN = 1024;
const HEADS = 4;

function dense<T>(d: Dialect<T>, x: T, from: number, to: number): T {
  return d.dense(x, d.weight([from, to]), d.weight([to], 0.1));
}

function mlp<T>(d: Dialect<T>): T {
  let x = d.input([32, MLP[0]]);
  for (let layer = 1; layer < MLP.length; layer++) {
    x = dense(d, x, MLP[layer - 1], MLP[layer]);
    if (layer + 1 < MLP.length) x = d.gelu(x);
  }
  return x;
}

function layerNorm<T>(d: Dialect<T>, x: T): T {
  return d.layerNorm(x, d.weight([WIDTH], 0.2, 1), d.weight([WIDTH], 0.2));
}

/** An encoder block with the norm after each sum, as in BERT. */
function encoderBlock<T>(d: Dialect<T>, x: T): T {
  const project = (): T => dense(d, x, WIDTH, WIDTH);
  const context = d.attention(project(), project(), project(), HEADS);
  const attended = layerNorm(d, d.sum(dense(d, context, WIDTH, WIDTH), x));
  const inner = d.gelu(dense(d, attended, WIDTH, HIDDEN));
  return layerNorm(d, d.sum(dense(d, inner, HIDDEN, WIDTH), attended));
}

function encoder(blocks: number): Network {
  return (d) => {
    let x = d.input([1, TOKENS, WIDTH]);
    for (let block = 0; block < blocks; block++) x = encoderBlock(d, x);
    return x;
  };
}

const IMAGE = [1, 224, 224, 3];
const CLASSES = 1000;

/** MobileNetV2 1.0 of 224 × 224 pixels, its batch norms folded, up to the scores of classes. */
function mobilenet<T>(d: Dialect<T>): T {
  const convolution = (x: T, size: number, from: number, to: number, stride = 1): T =>
    d.convolution('full', x, d.filter('full', [size, size, from, to]), d.weight([to], 0.1), stride);
  const depthwise = (x: T, channels: number, stride: number): T => {
    const filter = d.filter('depthwise', [3, 3, channels, 1]);
    return d.convolution('depthwise', x, filter, d.weight([channels], 0.1), stride);
  };
  let from: number = 32;
  let x = d.unary('relu6', convolution(d.input(IMAGE), 3, 3, from, 2));
  for (const [expansion, to, blocks, first] of MOBILENET_STAGES) {
    for (let block = 0; block < blocks; block++) {
      const stride = block === 0 ? first : 1;
      const hidden = from * expansion;
      const wide = expansion === 1 ? x : d.unary('relu6', convolution(x, 1, from, hidden));
      const y = convolution(d.unary('relu6', depthwise(wide, hidden, stride)), 1, hidden, to);
      x = stride === 1 && from === to ? d.sum(x, y) : y;
      from = to;
    }
  }
  const top = d.unary('relu6', convolution(x, 1, from, 1280));
  return dense(d, d.meanOfPixels(top), 1280, CLASSES);
}

/** Ten elementwise operations, then the mean. */
function chain<T>(d: Dialect<T>): T {
  let x = d.input([1024, 1024]);
  x = d.scale('add', d.scale('mul', x, 1.5), 0.25);
  x = d.scale('mul', d.unary('tanh', x), 2);
  x = d.scale('add', d.unary('relu', x), 0.5);
  x = d.unary('exp', d.unary('sqrt', x));
  x = d.scale('mul', d.scale('sub', x, 1), 0.1);
  return d.mean(x);
}

export const WORKLOADS: readonly Workload[] = [
  { name: 'MLP', input: [32, MLP[0]], network: mlp, dispatches: 3 },
  { name: 'encoder, 1 block', input: [1, TOKENS, WIDTH], network: encoder(1), dispatches: 7 },
  { name: 'encoder, 4 blocks', input: [1, TOKENS, WIDTH], network: encoder(4), dispatches: 28 },
  { name: 'MobileNetV2', input: IMAGE, network: mobilenet, dispatches: 37 },
  { name: 'chain of 10, mean', input: [1024, 1024], network: chain, dispatches: 2 },
];

/** A workload as a case of the transformer benchmark, its input uploaded for each run. */
export function asCase({ name, input, network, dispatches }: Workload): TransformerCase {
  return {
    name,
    artifacts: () => tfjsArtifacts(network),
    inputs: { x: input },
    uploads: true,
    dispatches,
  };
}

export function workloadNamed(name: string): Workload {
  const found = WORKLOADS.find((workload) => workload.name === name);
  if (!found) throw new Error(`There is no workload "${name}".`);
  return found;
}
