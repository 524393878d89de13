/** Convolutions and pools. */
import { backend_util } from '@tensorflow/tfjs-core';
import { sameShape, type Shape, type Value } from '../../ir/graph';
import { demand } from '../../ir/infer/refused';
import { addBiasAndActivation } from './activation';
import { passOnIf, type KernelCall, type LazyKernel } from './lazy-kernel';

type Conv2DInfo = backend_util.Conv2DInfo;
type Image = [number, number, number, number];
type Pad = Parameters<typeof backend_util.computeConv2DInfo>[4];
type Rounding = Parameters<typeof backend_util.computeConv2DInfo>[5];
type Pair = [number, number];

function window(info: Conv2DInfo) {
  const { top, bottom, left, right } = info.padInfo;
  return {
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    pad: { top, bottom, left, right },
  };
}

function describe(call: KernelCall, x: Shape, filter: Shape, dilations: Pair, depthwise = false) {
  const format = call.attr<string | undefined>('dataFormat') ?? 'NHWC';
  demand(format === 'NHWC', () => `its data format is ${format}`);
  return backend_util.computeConv2DInfo(
    x as Image,
    filter as Image,
    call.attr<Pair>('strides'),
    dilations,
    call.attr<Pad>('pad'),
    call.attr<Rounding>('dimRoundingMode'),
    depthwise,
  );
}

/** The IR computes output sizes by rounding down; tfjs may be told otherwise. */
function demandShape(y: Value, info: Conv2DInfo): Value {
  demand(sameShape(y.shape, info.outShape), () => 'its output size is rounded up');
  return y;
}

function convolve(primitive: string, finish: (call: KernelCall, y: Value) => Value) {
  const depthwise = primitive !== 'Conv2D';
  return (call: KernelCall): Value => {
    const [x, filter] = [call.input(0), call.input(1)];
    const dilations = call.attr<Pair | undefined>('dilations') ?? [1, 1];
    const info = describe(call, x.shape, filter.shape, dilations, depthwise);
    const y = call.b.op(primitive, [x, filter], window(info));
    return finish(call, demandShape(y, info));
  };
}

const asIs = (_call: KernelCall, y: Value): Value => y;

function backpropInput(call: KernelCall): Value {
  const [dy, filter] = [call.input(0), call.input(1)];
  const shape = call.attr<number[]>('inputShape');
  const info = describe(call, shape, filter.shape, [1, 1]);
  const { strides, pad } = window(info);
  demand(sameShape(dy.shape, info.outShape), () => 'its output size is rounded up');
  return call.b.op('Conv2DBackpropInput', [dy, filter], { strides, pad }, call.b.origins, shape);
}

function pool(kernel: string) {
  return (call: KernelCall): Value => {
    const x = call.input(0);
    const info = backend_util.computePool2DInfo(
      x.shape as Image,
      call.attr<Pair>('filterSize'),
      call.attr<Pair>('strides'),
      1,
      call.attr<Exclude<Pad, unknown[]>>('pad'),
      call.attr<Rounding>('dimRoundingMode'),
    );
    const filterSize = [info.filterHeight, info.filterWidth];
    passOnIf(filterSize.every((size) => size === 1) && sameShape(info.inShape, info.outShape));
    demand(kernel === 'MaxPool' || x.dtype === 'float32', () => `its input is ${x.dtype}`);
    return demandShape(call.b.op(kernel, [x], { filterSize, ...window(info) }), info);
  };
}

const FUSED_INPUTS = ['x', 'filter', 'bias', 'preluActivationWeights'];

export const convolutionKernels: readonly LazyKernel[] = [
  { kernel: 'Conv2D', inputs: ['x', 'filter'], lower: convolve('Conv2D', asIs) },
  {
    kernel: 'FusedConv2D',
    inputs: FUSED_INPUTS,
    lower: convolve('Conv2D', addBiasAndActivation),
  },
  {
    kernel: 'DepthwiseConv2dNative',
    inputs: ['x', 'filter'],
    lower: convolve('DepthwiseConv2dNative', asIs),
  },
  {
    kernel: 'FusedDepthwiseConv2D',
    inputs: FUSED_INPUTS,
    lower: convolve('DepthwiseConv2dNative', addBiasAndActivation),
  },
  { kernel: 'Conv2DBackpropInput', inputs: ['dy', 'filter'], lower: backpropInput },
  { kernel: 'MaxPool', inputs: ['x'], lower: pool('MaxPool') },
  { kernel: 'AvgPool', inputs: ['x'], lower: pool('AvgPool') },
];
