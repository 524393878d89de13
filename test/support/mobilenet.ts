/**
 * MobileNetV2 (Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018) written
 * eagerly, with plain tensors as weights: what an app has that ports a network by hand.
 */
import * as tf from '@tensorflow/tfjs-core';
import { seededWeight } from './transformers/writer';

export interface MobileNetOptions {
  /** Width multiplier of all layers, such as 1. */
  readonly alpha: number;
  /** Height and width of the image, in pixels. */
  readonly size: number;
  readonly classes: number;
}

/** Expansion, channels, blocks, and stride of the first block: table 2 of the paper. */
export const MOBILENET_STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

export interface MobileNet {
  /** @param image [1, size, size, 3] */
  run(image: tf.Tensor4D): tf.Tensor2D;
  readonly weights: readonly tf.Tensor[];
  dispose(): void;
}

type Layer = (x: tf.Tensor4D) => tf.Tensor4D;

export function mobileNetV2({ alpha, classes }: MobileNetOptions): MobileNet {
  const weights: tf.Tensor[] = [];
  const weight = (shape: number[], size?: number, around?: number): tf.Tensor => {
    const made = tf.tensor(seededWeight(weights.length + 1, shape, size, around), shape);
    weights.push(made);
    return made;
  };
  /** Channels are multiples of 8, as in the published networks. */
  const scaled = (channels: number): number => Math.max(8, Math.round((channels * alpha) / 8) * 8);

  const batchNorm = (channels: number): Layer => {
    const [mean, variance] = [weight([channels], 0.1), weight([channels], 0.2, 1)];
    const [offset, scale] = [weight([channels], 0.1), weight([channels], 0.2, 1)];
    return (x) =>
      tf.batchNorm(
        x,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        offset as tf.Tensor1D,
        scale as tf.Tensor1D,
        1e-3,
      );
  };
  const convolution = (from: number, to: number, kernel: number, stride: number): Layer => {
    const filter = weight([kernel, kernel, from, to], 1.7 / Math.sqrt(kernel * kernel * from));
    const norm = batchNorm(to);
    return (x) => norm(tf.conv2d(x, filter as tf.Tensor4D, stride, 'same'));
  };
  const depthwise = (channels: number, stride: number): Layer => {
    const filter = weight([3, 3, channels, 1], 0.6);
    const norm = batchNorm(channels);
    return (x) => norm(tf.depthwiseConv2d(x, filter as tf.Tensor4D, stride, 'same'));
  };
  const block = (from: number, to: number, expansion: number, stride: number): Layer => {
    const hidden = from * expansion;
    const expand = expansion > 1 ? convolution(from, hidden, 1, 1) : null;
    const filter = depthwise(hidden, stride);
    const project = convolution(hidden, to, 1, 1);
    return (x) => {
      const wide = expand ? tf.relu6(expand(x)) : x;
      const y = project(tf.relu6(filter(wide)));
      return stride === 1 && from === to ? tf.add(x, y) : y;
    };
  };

  const first = scaled(32);
  const stem = convolution(3, first, 3, 2);
  const blocks: Layer[] = [];
  let channels = first;
  for (const [expansion, to, count, stride] of MOBILENET_STAGES) {
    for (let at = 0; at < count; at++) {
      blocks.push(block(channels, scaled(to), expansion, at === 0 ? stride : 1));
      channels = scaled(to);
    }
  }
  const top = scaled(Math.max(1280, 1280 * alpha));
  const head = convolution(channels, top, 1, 1);
  const [matrix, bias] = [weight([top, classes]), weight([classes], 0.1)];
  return {
    weights,
    run: (image) =>
      tf.tidy(() => {
        let x = tf.relu6(stem(image));
        for (const each of blocks) x = each(x);
        const features = tf.mean<tf.Tensor2D>(tf.relu6(head(x)), [1, 2]);
        return tf.softmax(tf.add(tf.matMul(features, matrix as tf.Tensor2D), bias));
      }),
    dispose: () => tf.dispose(weights),
  };
}
