/** Convolutions. */
import type { GraphBuilder } from '../ir/builder';
import { sameShape, type Shape, type Value } from '../ir/graph';
import { demand } from '../ir/infer/refused';
import { demandRank } from '../ir/infer/shape';
import { addBiasAndActivation, FUSED_INPUTS, type FusedAttrs } from './activation';
import { fromNhwc, isChannelsFirst, toNhwc } from './layout';
import { lowering } from './lowering';
import { windowOf, type PaddedAttrs } from './padding';

type Kernel = 'Conv2D' | 'DepthwiseConv2dNative';

/** Convolves `x` and hands the result to `finish`, before its axes go back to their places. */
function convolve(
  b: GraphBuilder,
  kernel: Kernel,
  [x, filter]: readonly [x: Value, filter: Value],
  attrs: PaddedAttrs,
  finish: (y: Value) => Value,
): Value {
  demandRank(x, 4, 'input');
  demandRank(filter, 4, 'filter');
  const image = toNhwc(b, x, attrs.dataFormat);
  const [height, width] = filter.shape;
  const window = windowOf(image.shape, [height, width], attrs);
  const { strides, dilations, pad } = window;
  demand(
    strides.every((stride) => stride === 1) || dilations.every((dilation) => dilation === 1),
    () => `strides ${strides} together with dilations ${dilations}`,
  );
  const y = b.op(kernel, [image, filter], { strides, dilations, pad });
  window.checkSize(y);
  return fromNhwc(b, finish(y), attrs.dataFormat);
}

const plain = (kernel: Kernel) =>
  lowering(['x', 'filter'], (b, operands, attrs: PaddedAttrs) =>
    convolve(b, kernel, operands, attrs, (y) => y),
  );

const fused = (kernel: Kernel) =>
  lowering(
    ['x', 'filter', ...FUSED_INPUTS],
    (b, [x, filter, ...rest], attrs: PaddedAttrs & FusedAttrs) => {
      // Vectors lie along the channels in both layouts; anything larger would have to be transposed.
      demand(
        !isChannelsFirst(attrs.dataFormat) ||
          rest.every((value) => (value?.shape.length ?? 0) <= 1),
        () => 'channels come first and an operand is no vector',
      );
      return convolve(b, kernel, [x, filter], attrs, (y) =>
        addBiasAndActivation(b, y, rest, attrs),
      );
    },
  );

interface TransposedAttrs extends PaddedAttrs {
  readonly inputShape: Shape;
}

/** `inputShape` is that of the image whose convolution gives `dy`: the shape of the result. */
function transposed(b: GraphBuilder, dy: Value, filter: Value, attrs: TransposedAttrs): Value {
  demandRank(dy, 4, 'input');
  demandRank(filter, 4, 'filter');
  const { inputShape, dataFormat } = attrs;
  demand(inputShape.length === 4, () => 'its result is not of rank 4');
  const [batch, ...others] = inputShape;
  const shape = isChannelsFirst(dataFormat) ? [batch, others[1], others[2], others[0]] : inputShape;
  const gradient = toNhwc(b, dy, dataFormat);
  const [height, width] = filter.shape;
  const window = windowOf(shape, [height, width], attrs);
  window.checkSize(gradient);
  const { strides, dilations, pad } = window;
  demand(sameShape(dilations, [1, 1]), () => `dilations are ${dilations}`);
  const y = b.op('Conv2DBackpropInput', [gradient, filter], { strides, pad }, b.origins, shape);
  return fromNhwc(b, y, dataFormat);
}

export const convolutionLowerings = {
  Conv2D: plain('Conv2D'),
  FusedConv2D: fused('Conv2D'),
  DepthwiseConv2dNative: plain('DepthwiseConv2dNative'),
  FusedDepthwiseConv2D: fused('DepthwiseConv2dNative'),
  Conv2DBackpropInput: lowering(['dy', 'filter'], (b, [dy, filter], attrs: TransposedAttrs) =>
    transposed(b, dy, filter, attrs),
  ),
};
