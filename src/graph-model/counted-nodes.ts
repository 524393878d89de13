/**
 * Nodes whose results have a length that depends on values. Regions compute as many elements as there may be,
 * and their count beside them; what leaves a region is cut. The counts are all that is read back, all at once.
 */
import { slice, type Tensor } from '@tensorflow/tfjs-core';
import { boolAttr, type NodeDef } from './graph-def';

/** How many of the first results of an op are as long as was counted. */
export const COUNTED_RESULTS: Readonly<Record<string, number>> = {
  NonMaxSuppressionV2: 1,
  NonMaxSuppressionV3: 1,
  NonMaxSuppressionV4: 1,
  NonMaxSuppressionV5: 2,
  Where: 1,
};

/** Whether results of a node have a length that depends on values. */
export function isCounted(node: NodeDef): boolean {
  return Object.hasOwn(COUNTED_RESULTS, node.op) && !boolAttr(node, 'pad_to_max_output_size');
}

/** Results with as many rows as are counted, where they have a count: one element of `counts`. Disposes of these. */
export async function cutToCounts(
  results: readonly Tensor[],
  outputs: readonly { readonly count?: number }[],
  counts: Tensor,
): Promise<Tensor[]> {
  const lengths = await counts.data();
  counts.dispose();
  return results.map((x, at) => {
    const { count } = outputs[at];
    const { shape } = x;
    if (count === undefined || shape[0] === lengths[count]) return x;
    const size = [lengths[count], ...shape.slice(1)];
    const rows = slice(
      x,
      shape.map(() => 0),
      size,
    );
    x.dispose();
    return rows;
  });
}
