/** Scaled dot-product attention in float64. */
import { sum } from './rows';
import { softmax } from './softmax';

/** Sizes of one attention; `batch` counts heads as well. */
export interface AttentionSizes {
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  readonly head: number;
}

/** What becomes of a product before the softmax: a scale, a mask, a bias. */
export type Score = (product: number, batch: number, query: number, key: number) => number;

/** softmax(score(q · kᵀ)) · v, its operands flat: [batch, queries or keys, head]. */
export function attention(
  { batch, queries, keys, head }: AttentionSizes,
  q: ArrayLike<number>,
  k: ArrayLike<number>,
  v: ArrayLike<number>,
  score: Score,
): Float64Array {
  const y = new Float64Array(batch * queries * head);
  const along = Array.from({ length: head }, (_, d) => d);
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < queries; i++) {
      const query = (b * queries + i) * head;
      const row = Array.from({ length: keys }, (_, j) => {
        const key = (b * keys + j) * head;
        return score(sum(along.map((d) => q[query + d] * k[key + d])), b, i, j);
      });
      const weights = softmax(row);
      for (const d of along) {
        y[query + d] = sum(weights.map((weight, j) => weight * v[(b * keys + j) * head + d]));
      }
    }
  }
  return y;
}
