/** Padding that an exporter wrote in front of a convolution. */
import type { Node } from '../../ir/graph';
import type { WindowAttrs } from '../../ir/infer/window';
import { any, op } from '../match';
import type { FusionRule } from '../rule';

/**
 * One bounds check instead of two, and vectors where a guarded load would have none. Pools are left
 * alone: a maximum ignores its own padding and an average does not count it, unlike zeros.
 */
export const foldPad: FusionRule = {
  name: 'fold-pad',
  equation: 'conv(pad(x), w, p) ⇒ conv(x, w, p + pad)',
  match: op(['Conv2D', 'DepthwiseConv2dNative'], [op('PadV2', [any('x')], { as: 'padded' })]),
  leaks: 'keep',
  check(match) {
    const { attrs } = match.value('padded').producer as Node;
    const [batch, , , channels] = attrs.paddings as [number, number][];
    if (attrs.constantValue !== 0) return `it pads with ${String(attrs.constantValue)}, not with 0`;
    if ([...batch, ...channels].some((width) => width !== 0)) return 'it pads batch or channels';
    const negative = (attrs.paddings as number[][]).flat().some((width) => width < 0);
    return negative ? 'it crops' : null;
  },
  rewrite(match, build) {
    const { paddings } = (match.value('padded').producer as Node).attrs;
    const [, [top, bottom], [left, right]] = paddings as [number, number][];
    const { kernel, attrs, inputs } = match.root;
    const { pad } = attrs as unknown as WindowAttrs;
    const sum = {
      top: pad.top + top,
      bottom: pad.bottom + bottom,
      left: pad.left + left,
      right: pad.right + right,
    };
    return build.op(kernel, [match.value('x'), inputs[1]], { ...attrs, pad: sum });
  },
};
