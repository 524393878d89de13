/** Images without a batch, which tfjs's ops take and its kernels do not. */
import type { GraphBuilder } from '../../ir/builder';
import type { Value } from '../../ir/graph';

/** Runs a lowering of images of rank 4 on an image of rank 3 too. */
export function asBatch(b: GraphBuilder, x: Value, lower: (images: Value) => Value): Value {
  if (x.shape.length !== 3) return lower(x);
  const result = lower(b.reshape(x, [1, ...x.shape]));
  return b.reshape(result, result.shape.slice(1));
}
