/** Images and volumes without a batch, which tfjs's ops take and its kernels do not. */
import type { GraphBuilder } from '../../ir/builder';
import type { Value } from '../../ir/graph';

/** Runs a lowering of images, or of volumes of rank 5, on one of them too. */
export function asBatch(
  b: GraphBuilder,
  x: Value,
  lower: (images: Value) => Value,
  rank = 4,
): Value {
  if (x.shape.length !== rank - 1) return lower(x);
  const result = lower(b.reshape(x, [1, ...x.shape]));
  return b.reshape(result, result.shape.slice(1));
}
