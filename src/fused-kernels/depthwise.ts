/** DepthwiseConv2dNative, NHWC, with any channel multiplier. */
import * as ix from '../ir/index-expression';
import { emitKernel } from './emit';
import type { FusedKernel } from './kernel';
import { floatOnly } from './loops';
import { emitWindow, windowReuse } from './window';

export const depthwiseConv2dKernel: FusedKernel = {
  name: 'depthwise',
  anchors: ['DepthwiseConv2dNative'],
  refuse: floatOnly,
  reuse: (node, index) => {
    const [, filter] = node.inputs;
    const { shape } = node.outputs[0];
    return index === 0 ? windowReuse(node, filter.shape) : shape[1] * shape[2];
  },
  generate: (request) =>
    emitKernel(request, (emission) => {
      const { inliner } = emission;
      const [, filter] = request.group.anchor.inputs;
      const [height, width, , multiplier] = filter.shape;
      return emitWindow(emission, {
        filter: [height, width],
        initial: '0.0',
        skipOutside: false,
        weight: ([tapRow, tapColumn], channel) =>
          inliner.value(filter, [
            tapRow,
            tapColumn,
            ix.floorDiv(channel, multiplier),
            ix.mod(channel, multiplier),
          ]),
        tap: (acc, x, weight) => `${acc} += ${x.code} * ${weight?.code};`,
      });
    }),
};
