/** DepthwiseConv2dNative, NHWC, with any channel multiplier. */
import type { Value } from '../ir/graph';
import * as ix from '../ir/index-expression';
import { isKnownFinite } from '../ir/magnitudes';
import type { KernelEmission } from './emit';
import { emitKernel } from './emit';
import type { FusedKernel } from './kernel';
import { floatOnly } from './loops';
import { filterFacts } from './window-coords';
import { emitWindow, windowReuse, type WindowSpec } from './window';

/** The window of a depthwise convolution with `filter`. */
export function depthwiseWindow({ inliner }: KernelEmission, filter: Value): WindowSpec {
  const [height, width, , multiplier] = filter.shape;
  return {
    filter: [height, width],
    initial: '0.0',
    isFinite: isKnownFinite(filter),
    weight: ([tapRow, tapColumn], channel) =>
      inliner.value(filter, [
        tapRow,
        tapColumn,
        ix.floorDiv(channel, multiplier),
        ix.mod(channel, multiplier),
      ]),
    tap: (acc, x, weight, inside) =>
      inside
        ? `${acc} = select(${acc}, ${acc} + ${x.code} * ${weight?.code}, ${inside});`
        : `${acc} += ${x.code} * ${weight?.code};`,
  };
}

export const depthwiseConv2dKernel: FusedKernel = {
  name: 'depthwise',
  anchors: ['DepthwiseConv2dNative'],
  refuse: floatOnly,
  facts: filterFacts,
  reuse: (node, index) => {
    const [, filter] = node.inputs;
    const { shape } = node.outputs[0];
    return index === 0 ? windowReuse(node, filter.shape) : shape[1] * shape[2];
  },
  generate: (request) =>
    emitKernel(request, (emission) =>
      emitWindow(emission, depthwiseWindow(emission, request.group.anchor.inputs[1])),
    ),
};
