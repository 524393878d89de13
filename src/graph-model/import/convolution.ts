/** Convolutions and pools. */
import type { Value } from '../../ir/graph';
import { demand, refuse } from '../../ir/infer/refused';
import { convolutionLowerings } from '../../lowering/convolution';
import type { PaddedAttrs } from '../../lowering/padding';
import { poolLowerings } from '../../lowering/pool';
import { volumeLowerings } from '../../lowering/volume';
import { asBatch } from './batch';
import { readFusedOps } from './fused-ops';
import type { Importer, ImportTable, NodeImport } from './node-import';

/** tfjs reads positions 1 and 2 whatever the data format. */
function plane(values: readonly number[] | undefined): [number, number] {
  return [values?.[1] ?? 1, values?.[2] ?? 1];
}

function padOf(node: NodeImport): PaddedAttrs['pad'] {
  const pad = node.stringAttr('padding');
  if (pad !== 'explicit') return pad;
  const flat = node.numbersAttr('explicit_paddings') ?? [];
  return [0, 1, 2, 3].map((axis) => [flat[2 * axis] ?? 0, flat[2 * axis + 1] ?? 0]);
}

function windowAttrs(node: NodeImport) {
  return {
    strides: plane(node.numbersAttr('strides')),
    dilations: plane(node.numbersAttr('dilations')),
    pad: padOf(node),
    dataFormat: node.stringAttr('data_format', 'nhwc').toUpperCase(),
  };
}

const plain =
  (kernel: 'Conv2D' | 'DepthwiseConv2dNative'): Importer =>
  (node) =>
    asBatch(node.b, node.input(0), (images) =>
      convolutionLowerings[kernel].lower(node.b, [images, node.input(1)], windowAttrs(node)),
    );

const fused =
  (kernel: 'FusedConv2D' | 'FusedDepthwiseConv2D'): Importer =>
  (node) => {
    const { operands, attrs } = readFusedOps(node);
    const all = { ...windowAttrs(node), ...attrs };
    const { lower } = convolutionLowerings[kernel];
    return asBatch(node.b, node.input(0), (images) =>
      lower(node.b, [images, node.input(1), ...operands], all),
    );
  };

/** A convolution of images of one row. */
function conv1D(node: NodeImport): Value {
  const [x, filter] = [node.input(0), node.input(1)];
  const pad = node.stringAttr('padding');
  demand(node.stringAttr('data_format', 'nwc') === 'nwc', () => 'data_format is not NWC');
  demand(pad === 'same' || pad === 'valid', () => `padding is ${pad}`);
  const batched = x.shape.length === 2 ? [1, ...x.shape] : x.shape;
  demand(batched.length === 3 && filter.shape.length === 3, () => 'operands are not of rank 3');
  const image = node.b.reshape(x, [batched[0], 1, batched[1], batched[2]]);
  const kernel = node.b.reshape(filter, [1, ...filter.shape]);
  const y = convolutionLowerings.Conv2D.lower(node.b, [image, kernel], {
    strides: [1, node.numberAttr('stride', 1)],
    dilations: [1, node.numberAttr('dilation', 1)],
    pad,
  });
  const [batch, , width, channels] = y.shape;
  return node.b.reshape(y, x.shape.length === 2 ? [width, channels] : [batch, width, channels]);
}

/** Operands are: shape of the result, filter, image. */
function transposedConvolution(node: NodeImport): Value {
  const attrs = { ...windowAttrs(node), dilations: 1, inputShape: node.numbers(0) };
  demand(attrs.dataFormat === 'NHWC', () => 'tfjs ignores data_format NCHW');
  const { lower } = convolutionLowerings.Conv2DBackpropInput;
  return lower(node.b, [node.input(2), node.input(1)], attrs);
}

const pool =
  (kernel: keyof typeof poolLowerings): Importer =>
  (node) => {
    const { strides, pad, dataFormat } = windowAttrs(node);
    demand(dataFormat === 'NHWC', () => 'tfjs ignores data_format NCHW of a pool');
    if (typeof pad !== 'string') refuse('tfjs has no explicit padding of a pool');
    const attrs = { filterSize: plane(node.numbersAttr('ksize')), strides, pad };
    return asBatch(node.b, node.input(0), (images) =>
      poolLowerings[kernel].lower(node.b, [images], attrs),
    );
  };

/** tfjs reads positions 1 to 3, and has no explicit padding; `rest`: the operands behind the volume. */
const volume =
  (kernel: 'Conv3D' | 'MaxPool3D' | 'AvgPool3D', ...rest: number[]): Importer =>
  (node) => {
    const extent = (name: string): number[] =>
      [1, 2, 3].map((axis) => node.numbersAttr(name)?.[axis] ?? 1);
    const attrs = {
      strides: extent('strides'),
      dilations: extent('dilations'),
      filterSize: extent('ksize'),
      pad: node.stringAttr('padding'),
      dataFormat: node.stringAttr('data_format', 'ndhwc').toUpperCase(),
    };
    const others = rest.map((at) => node.input(at));
    const { lower } = volumeLowerings[kernel];
    return asBatch(node.b, node.input(0), (x) => lower(node.b, [x, ...others], attrs), 5);
  };

export const convolutionImports: ImportTable = {
  Conv2D: plain('Conv2D'),
  _FusedConv2D: fused('FusedConv2D'),
  DepthwiseConv2d: plain('DepthwiseConv2dNative'),
  DepthwiseConv2dNative: plain('DepthwiseConv2dNative'),
  FusedDepthwiseConv2dNative: fused('FusedDepthwiseConv2D'),
  Conv1D: conv1D,
  Conv2DBackpropInput: transposedConvolution,
  Conv2dTranspose: transposedConvolution,
  Conv3D: volume('Conv3D', 1),
  MaxPool3D: volume('MaxPool3D'),
  AvgPool3D: volume('AvgPool3D'),
  MaxPool: pool('MaxPool'),
  AvgPool: pool('AvgPool'),
};
