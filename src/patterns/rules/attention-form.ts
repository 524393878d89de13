/** In which form an attention is computed: by sizes and device, with the numbers that decide. */
import type { RuleTarget } from '../rule';

export interface AttentionShape {
  /** How many attentions there are: batch times heads. */
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  /** Elements of a query and a key, and of a value. */
  readonly depth: number;
  readonly width: number;
}

/**
 * `whole`: one kernel. `parts`: kernels for parts of the keys, and one that makes one of them.
 * `composed`: products and a softmax, each with a kernel of its own.
 */
export type AttentionForm =
  | { readonly kind: 'whole' }
  | { readonly kind: 'parts'; readonly keysPerPart: number }
  | { readonly kind: 'composed'; readonly reason: string };

/** Longest head whose sums an invocation keeps in registers. */
const MAX_HEAD = 256;

/**
 * Queries up to which keys are divided: four at a time have a workgroup, and read all keys again. With
 * more, tiles of queries use what they load often enough.
 */
const MAX_FEW_QUERIES = 16;
/** Keys that a workgroup has at a time; fewer than two times as many are not worth a second kernel. */
const KEYS_AT_A_TIME = 128;
const MIN_KEYS = 2 * KEYS_AT_A_TIME;
/** Parts, each of which is read again to make one of them. */
const MAX_PARTS = 64;
/** Workgroups beyond which more parts keep no more of the device busy, for each that it is busy with. */
const MAX_LOAD = 8;

export function attentionForm(
  { heads, queries, keys, depth, width }: AttentionShape,
  { tilesAttention, busyWorkgroups }: Pick<RuleTarget, 'tilesAttention' | 'busyWorkgroups'>,
): AttentionForm {
  const size = Math.max(depth, width);
  if (size > MAX_HEAD) {
    return { kind: 'composed', reason: `a head of ${size} is larger than ${MAX_HEAD}` };
  }
  if (!tilesAttention || queries > MAX_FEW_QUERIES || keys < MIN_KEYS) return { kind: 'whole' };
  const owners = heads * Math.ceil(queries / 4);
  const tiles = Math.ceil(keys / KEYS_AT_A_TIME);
  const wanted = Math.max(2, Math.ceil((MAX_LOAD * busyWorkgroups) / owners));
  const parts = Math.min(tiles, MAX_PARTS, wanted);
  return { kind: 'parts', keysPerPart: KEYS_AT_A_TIME * Math.ceil(tiles / parts) };
}
