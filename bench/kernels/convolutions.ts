/** Convolutions, depthwise ones, and blocks of both. */
import * as tf from '@tensorflow/tfjs-core';
import type { KernelCase } from './case';

/** As graph models have it: convolution, bias and activation in one op. */
function fusedConv(
  x: tf.Tensor,
  filter: tf.Tensor,
  bias: tf.Tensor,
  strides: number,
  activation: 'relu6' | 'linear' = 'relu6',
): tf.Tensor4D {
  return tf.fused.conv2d({
    x: x as tf.Tensor4D,
    filter: filter as tf.Tensor4D,
    strides,
    pad: 'same',
    bias,
    activation,
  });
}

function fusedDepthwise(
  x: tf.Tensor,
  filter: tf.Tensor,
  bias: tf.Tensor,
  strides: number,
): tf.Tensor4D {
  return tf.fused.depthwiseConv2d({
    x: x as tf.Tensor4D,
    filter: filter as tf.Tensor4D,
    strides,
    pad: 'same',
    bias,
    activation: 'relu6',
  });
}

interface Convolution {
  readonly size: number;
  readonly from: number;
  readonly to: number;
  readonly filter?: number;
  readonly stride?: number;
  readonly batch?: number;
  readonly note?: string;
}

/** Convolution, bias and relu6 over a square image, padded to keep its size. */
function conv(settings: Convolution): KernelCase {
  const { size, from, to, filter = 3, stride = 1, batch = 1, note } = settings;
  const out = Math.ceil(size / stride);
  const pixels = batch * out * out;
  const strided = stride > 1 ? ` s${stride}` : '';
  const many = batch > 1 ? ` batch ${batch}` : '';
  return {
    name: `conv ${filter}×${filter}${strided}${many} ${size}² ${from}→${to}${note ? ` (${note})` : ''}`,
    group: 'convolution',
    inputs: [[batch, size, size, from]],
    weights: [[filter, filter, from, to], [to]],
    run: ([x], [w, bias]) => fusedConv(x, w, bias, stride),
    flops: 2 * pixels * filter * filter * from * to,
    bytes: 4 * (batch * size * size * from + filter * filter * from * to + pixels * to),
    // A first convolution reads three channels: it is bound by memory, not by products.
    ...(filter === 3 && from > 4 ? { demand: 'window' } : {}),
  };
}

function transposed(size: number, from: number, to: number, filter: number): KernelCase {
  const out = 2 * size;
  return {
    name: `conv transposed ${filter}×${filter} s2 ${size}² ${from}→${to}`,
    group: 'convolution',
    inputs: [[1, size, size, from]],
    weights: [[filter, filter, to, from], [to]],
    run: ([x], [w, bias]) =>
      tf.relu(
        tf.add(
          tf.conv2dTranspose(x as tf.Tensor4D, w as tf.Tensor4D, [1, out, out, to], 2, 'same'),
          bias,
        ),
      ),
    flops: 2 * size * size * filter * filter * from * to,
    bytes: 4 * (size * size * from + filter * filter * from * to + out * out * to),
  };
}

function depthwise(size: number, channels: number, filter: number, stride = 1): KernelCase {
  const out = Math.ceil(size / stride);
  return {
    name: `depthwise ${filter}×${filter}${stride > 1 ? ` s${stride}` : ''} ${size}² ${channels}`,
    group: 'depthwise',
    inputs: [[1, size, size, channels]],
    weights: [[filter, filter, channels, 1], [channels]],
    run: ([x], [w, bias]) => fusedDepthwise(x, w, bias, stride),
    flops: 2 * out * out * filter * filter * channels,
    bytes: 4 * (size * size * channels + filter * filter * channels + out * out * channels),
  };
}

/** A depthwise separable block: depthwise, relu6, pointwise. */
function separable(size: number, channels: number, to: number, filter = 3): KernelCase {
  const pixels = size * size;
  return {
    name: `depthwise ${filter}×${filter} + pointwise ${size}² ${channels}→${to}`,
    group: 'block',
    inputs: [[1, size, size, channels]],
    weights: [[filter, filter, channels, 1], [channels], [1, 1, channels, to], [to]],
    run: ([x], [w, bias, v, last]) => {
      const hidden = fusedDepthwise(x, w, bias, 1);
      return fusedConv(hidden, v, last, 1, 'linear');
    },
    flops: 2 * pixels * channels * (filter * filter + to),
    bytes: 4 * (pixels * (channels + to) + channels * (filter * filter + to)),
  };
}

/** An inverted residual: expand, depthwise, project, add. */
function inverted(size: number, channels: number, hidden: number): KernelCase {
  const pixels = size * size;
  return {
    name: `inverted residual ${size}² ${channels}→${hidden}→${channels}`,
    group: 'block',
    inputs: [[1, size, size, channels]],
    weights: [
      [1, 1, channels, hidden],
      [hidden],
      [3, 3, hidden, 1],
      [hidden],
      [1, 1, hidden, channels],
      [channels],
    ],
    run: ([x], [expand, a, window, b, project, c]) => {
      const wide = fusedConv(x, expand, a, 1);
      const mixed = fusedDepthwise(wide, window, b, 1);
      const narrow = fusedConv(mixed, project, c, 1, 'linear');
      return tf.add(x, narrow);
    },
    flops: 2 * pixels * hidden * (2 * channels + 9),
    bytes: 4 * (2 * pixels * channels + hidden * (2 * channels + 9)),
  };
}

export const CONVOLUTIONS: readonly KernelCase[] = [
  conv({ size: 56, from: 64, to: 64 }),
  conv({ size: 14, from: 256, to: 256 }),
  conv({ size: 224, from: 3, to: 32, stride: 2 }),
  // Held out when the first rule was fitted.
  conv({ size: 56, from: 64, to: 256, filter: 1 }),
  conv({ size: 28, from: 128, to: 512, filter: 1 }),
  conv({ size: 14, from: 512, to: 512, filter: 1 }),
  conv({ size: 7, from: 960, to: 320, filter: 1 }),
  conv({ size: 112, from: 32, to: 64 }),
  conv({ size: 28, from: 128, to: 128 }),
  conv({ size: 7, from: 512, to: 512 }),
  conv({ size: 56, from: 64, to: 64, batch: 8 }),
  conv({ size: 14, from: 256, to: 256, batch: 8 }),
  conv({ size: 7, from: 512, to: 512, batch: 8 }),
  conv({ size: 224, from: 3, to: 32, stride: 2, batch: 8 }),
  // Of models.
  conv({ size: 224, from: 3, to: 64, filter: 7, stride: 2, note: 'ResNet' }),
  conv({ size: 56, from: 128, to: 128, stride: 2, note: 'ResNet' }),
  conv({ size: 28, from: 512, to: 128, filter: 1, note: 'ResNet' }),
  conv({ size: 14, from: 1024, to: 256, filter: 1, note: 'ResNet' }),
  conv({ size: 7, from: 2048, to: 512, filter: 1, note: 'ResNet' }),
  conv({ size: 56, from: 24, to: 144, filter: 1, note: 'MobileNet' }),
  conv({ size: 14, from: 576, to: 96, filter: 1, note: 'MobileNet' }),
  conv({ size: 7, from: 320, to: 1280, filter: 1, note: 'MobileNet' }),
  conv({ size: 256, from: 3, to: 24, filter: 5, stride: 2, note: 'BlazeFace' }),
  conv({ size: 256, from: 4, to: 16, stride: 2, note: 'segmentation' }),
  conv({ size: 128, from: 32, to: 32, note: 'upscaler' }),
  transposed(32, 64, 32, 3),
  transposed(64, 16, 16, 2),
];

export const DEPTHWISE: readonly KernelCase[] = [
  depthwise(112, 96, 3),
  depthwise(14, 512, 3),
  depthwise(28, 240, 5),
  depthwise(56, 144, 3, 2),
];

export const BLOCKS: readonly KernelCase[] = [
  separable(14, 512, 512),
  separable(56, 128, 128),
  separable(32, 48, 96, 5),
  inverted(56, 24, 144),
  inverted(14, 96, 576),
];
