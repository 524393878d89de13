/** Scaled dot-product attention, whole or in parts, in the form that the adapter likes. */
import type { Node } from '../../ir/graph';
import { chooseCandidate, shapeClass } from '../candidates';
import { emitKernel } from '../emit';
import type { FusedKernel } from '../kernel';
import { emitAttentionPart, FEW_KEYS } from './few';
import { emitAttentionMerge } from './merge';
import { emitAttentionRows } from './rows';
import { attentionSizes } from './sizes';
import { invocationsOf, rankTiles } from './tile';
import { emitTiledAttention } from './tiles';

/** Every query reads every key and every value. */
function reuse(node: Node, index: number): number {
  return index === 1 || index === 2 ? attentionSizes(node).queries : 1;
}

export const attentionKernel: FusedKernel = {
  name: 'attention',
  anchors: ['Attention'],
  refuse: () => null,
  reuse,
  generate: (request) => {
    const { group, target } = request;
    if (!target.tilesAttention) return emitKernel(request, emitAttentionRows);
    const sizes = attentionSizes(group.anchor);
    const { heads, queries, keys, depth, width } = sizes;
    const shape = shapeClass({ heads, queries, keys, depth, width });
    const tile = chooseCandidate(target, 'attention', shape, rankTiles(sizes, target));
    return emitKernel(
      request,
      (emission) => emitTiledAttention(emission, tile),
      invocationsOf(tile),
    );
  },
};

export const attentionPartKernel: FusedKernel = {
  name: 'attention-part',
  anchors: ['AttentionPart'],
  refuse: () => null,
  reuse,
  generate: (request) => emitKernel(request, emitAttentionPart, FEW_KEYS),
};

export const attentionMergeKernel: FusedKernel = {
  name: 'attention-merge',
  anchors: ['AttentionMerge'],
  refuse: () => null,
  reuse: () => 1,
  generate: (request) => emitKernel(request, emitAttentionMerge),
};
