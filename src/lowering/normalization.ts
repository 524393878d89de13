/** Batch normalization, by given statistics and by those of the input. */
import type { GraphBuilder } from '../ir/builder';
import { sizeOf, type Shape, type Value } from '../ir/graph';
import { demand } from '../ir/infer/refused';
import { isChannelsFirst, type DataFormat } from './layout';
import { lowering } from './lowering';

interface BatchNormAttrs {
  readonly varianceEpsilon: number;
}

interface Statistics {
  readonly mean: Value;
  readonly variance: Value;
  readonly offset: Value | undefined;
  readonly scale: Value | undefined;
}

/** `x · factor + shift`, which a convolution before it can absorb. */
function batchNorm(b: GraphBuilder, x: Value, statistics: Statistics, epsilon: number): Value {
  const { mean, variance, offset, scale } = statistics;
  const inverse = b.op('Rsqrt', [b.op('Add', [variance, b.scalar(epsilon)])]);
  const factor = scale ? b.op('Multiply', [scale, inverse]) : inverse;
  const moved = b.op('Multiply', [mean, factor]);
  const shift = offset ? b.op('Sub', [offset, moved]) : b.op('Neg', [moved]);
  return b.op('Add', [b.op('Multiply', [x, factor]), shift]);
}

export const normalizationLowerings = {
  FusedBatchNorm: lowering(
    ['x', 'mean', 'variance', 'offset?', 'scale?'],
    (b, [x, mean, variance, offset, scale], { varianceEpsilon }: BatchNormAttrs) =>
      batchNorm(b, x, { mean, variance, offset, scale }, varianceEpsilon),
  ),
};

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
 * of `x` itself: the batch normalization of a model in training, which tfjs has no kernel for. The
 * layer normalisation of Keras is one: its rows are the channels, its scale all ones and its offset
 * all zeros.
 */
export function batchNormOfInput(
  b: GraphBuilder,
  [input, scale, offset]: readonly [input: Value, scale: Value, offset: Value],
  { varianceEpsilon, dataFormat }: BatchNormAttrs & { readonly dataFormat: DataFormat },
): Value {
  demand(input.shape.length >= 4, () => `x is of rank ${input.shape.length}; needs 4 or 5`);
  const { shape, axes, meets } = layoutOf(input.shape, isChannelsFirst(dataFormat));
  const x = b.reshape(input, shape);
  const attrs = { axes: [...axes], keepDims: true };
  const centered = b.op('Sub', [x, b.op('Mean', [x], attrs)]);
  const variance = b.op('Mean', [b.op('Square', [centered])], attrs);
  const power = b.op('Add', [variance, b.scalar(varianceEpsilon)]);
  let y = b.op('Multiply', [centered, b.op('Rsqrt', [power])]);
  const holds = (value: Value, number: number): boolean =>
    b.hostValues(value)?.every((element) => element === number) ?? false;
  if (!holds(scale, 1)) y = b.op('Multiply', [y, b.reshape(scale, meets)]);
  if (!holds(offset, 0)) y = b.op('Add', [y, b.reshape(offset, meets)]);
  return b.reshape(y, input.shape);
}
