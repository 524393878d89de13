import { sizeOf, type Shape, type Value } from '../../ir/graph';
import { demand } from '../../ir/infer/refused';
import type { NodeImport } from './node-import';

/** `x · factor + shift`, which a convolution before it can absorb. */
function inference(node: NodeImport): Value {
  const { b } = node;
  const [x, scale, offset, mean, variance] = [0, 1, 2, 3, 4].map((at) => node.input(at));
  const epsilon = b.scalar(node.numberAttr('epsilon', 0.001));
  const deviation = b.op('Sqrt', [b.op('Add', [variance, epsilon])]);
  const factor = b.op('RealDiv', [scale, deviation]);
  const shift = b.op('Sub', [offset, b.op('Multiply', [mean, factor])]);
  return b.op('Add', [b.op('Multiply', [x, factor]), shift]);
}

/** `x` with as few axes as channels leave, and which of them statistics are taken over. */
interface Layout {
  readonly shape: Shape;
  readonly axes: readonly number[];
  /** Shape in which a row of one element a channel meets it. */
  readonly meets: Shape;
}

function layoutOf(shape: Shape, channelsFirst: boolean): Layout {
  const channels = channelsFirst ? shape[1] : shape[shape.length - 1];
  const others = sizeOf(shape) / channels;
  if (!channelsFirst) return { shape: [others, channels], axes: [0], meets: [channels] };
  const [batch] = shape;
  if (batch === 1) return { shape: [channels, others], axes: [1], meets: [channels, 1] };
  return { shape: [batch, channels, others / batch], axes: [0, 2], meets: [1, channels, 1] };
}

/**
 * `(x − mean) / √(variance + ε) · scale + offset`, mean and variance being those of each channel
 * of `x` itself. The layer normalisation of Keras is one: its rows are the channels, its scale all
 * ones and its offset all zeros.
 */
function training(node: NodeImport, { shape, axes, meets }: Layout): Value {
  const { b } = node;
  const [scale, offset] = [1, 2].map((at) => node.input(at));
  const x = b.reshape(node.input(0), shape);
  const attrs = { axes: [...axes], keepDims: true };
  const centered = b.op('Sub', [x, b.op('Mean', [x], attrs)]);
  const variance = b.op('Mean', [b.op('Square', [centered])], attrs);
  const power = b.op('Add', [variance, b.scalar(node.numberAttr('epsilon', 0.001))]);
  let y = b.op('Multiply', [centered, b.op('Rsqrt', [power])]);
  const holds = (value: Value, number: number): boolean =>
    b.hostValues(value)?.every((element) => element === number) ?? false;
  if (!holds(scale, 1)) y = b.op('Multiply', [y, b.reshape(scale, meets)]);
  if (!holds(offset, 0)) y = b.op('Add', [y, b.reshape(offset, meets)]);
  return b.reshape(y, node.input(0).shape);
}

/**
 * Batch normalisation, of which tfjs has the first output only.
 *
 * With `is_training`, TensorFlow takes the statistics of `x`, and its exporters leave mean and
 * variance empty. tfjs ignores the attribute, and `data_format` too; what it computes then is
 * nobody's, so TensorFlow's answer is given.
 */
export function batchNorm(node: NodeImport): Value {
  if (!node.boolAttr('is_training')) return inference(node);
  const { shape } = node.input(0);
  demand(shape.length >= 4, () => `x is of rank ${shape.length}; needs 4 or 5`);
  return training(node, layoutOf(shape, node.stringAttr('data_format').startsWith('nc')));
}
