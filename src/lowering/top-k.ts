/** The largest elements of rows: sorted at once, or of parts first, and then of what these have. */
import type { GraphBuilder } from '../ir/builder';
import type { Value } from '../ir/graph';
import { demand } from '../ir/infer/refused';
import { MAX_SORTED } from '../ir/infer/top-k';
import { lowering } from './lowering';

interface TopKArguments {
  readonly k: number;
  /** Whether the order matters; it is always kept here. */
  readonly sorted?: boolean;
}

/** Dispatches, beyond which stock's own kernel is no worse. */
const MAX_LEVELS = 4;

/** The longest parts of equal length that can be sorted. */
const partOf = (columns: number): number => Math.ceil(columns / Math.ceil(columns / MAX_SORTED));

function topK(b: GraphBuilder, x: Value, k: number): readonly Value[] {
  demand(x.shape.length > 0, () => 'x is a scalar');
  const columns = x.shape[x.shape.length - 1];
  demand(k > 0 && k <= columns, () => `${k} of ${columns} elements`);
  let found: readonly Value[] = [x];
  let left = columns;
  for (let level = 0; level === 0 || left > k; level++) {
    demand(level < MAX_LEVELS, () => `${k} of ${columns} elements: too many to sort in parts`);
    found = b.ops('TopK', found, { k, partLength: partOf(left) });
    left = found[0].shape[found[0].shape.length - 1];
  }
  return found;
}

export const topKLowerings = {
  TopK: {
    ...lowering(['x'], (b, [x], { k }: TopKArguments) => topK(b, x, k)),
    hasManyOutputs: true,
  },
};
