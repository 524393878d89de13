/** Plans by stream key; those not used for longest are given up. */
import { LruMap } from '../ir/lru-map';
import type { PlanDevice } from '../runtime/plan-device';
import { SequenceMap, type IntSequence } from './int-sequence';
import type { Stream } from './stream';
import { StreamPlans } from './stream-plans';
import type { Variant } from './variant';

const MAX_PLANS = 128;
/** Kinds of streams whose sizes are remembered, and sizes of each. */
const MAX_KINDS = 256;
const MAX_SIZES = 4096;
/** Memory that plans hold for their intermediates and constants, all together. */
const MAX_BYTES = 512 * 2 ** 20;

export class PlanCache {
  private readonly byKey = new SequenceMap<StreamPlans>();
  /** With the hashes of their keys. */
  private readonly recent = new LruMap<StreamPlans, number>({
    entries: MAX_PLANS,
    weight: MAX_BYTES,
    weightOf: (_hash, plans) => plans.bytes,
    onForget: (hash, plans) => {
      this.byKey.remove(hash, plans);
      plans.dispose();
    },
  });

  /** Sizes that streams came with, by kind of stream. */
  private readonly kinds = new LruMap<number, Set<number>>({ entries: MAX_KINDS });

  constructor(private readonly backend: PlanDevice) {}

  /** The plan for a stream that has been compiled before, for its constants where it has some. */
  find(key: IntSequence, stream: Stream): Variant | undefined {
    const plans = this.byKey.get(key);
    if (!plans) return undefined;
    this.recent.get(plans);
    return plans.find(stream);
  }

  /** Whether a stream that has no plan is like one before it, with sizes that are new. */
  isResized({ kind, sizes }: Stream): boolean {
    const known = this.kinds.get(kind);
    return known !== undefined && !known.has(sizes);
  }

  /** Compiles a stream for the first time. */
  add(key: IntSequence, stream: Stream): Variant {
    const plans = new StreamPlans(this.backend, this.noteSizes(stream));
    const variant = plans.find(stream);
    this.byKey.add(key, plans);
    this.recent.set(plans, key.hash);
    return variant;
  }

  /** Takes note of the sizes of a stream; whether its kind came with others. */
  private noteSizes({ kind, sizes }: Stream): boolean {
    const known = this.kinds.get(kind) ?? new Set<number>();
    if (known.size >= MAX_SIZES) known.clear();
    known.add(sizes);
    this.kinds.set(kind, known);
    return known.size > 1;
  }

  /** Tensors that the plans keep for themselves. */
  get tensors(): number {
    let sum = 0;
    for (const plans of this.recent.keys()) sum += plans.tensors;
    return sum;
  }

  clear(): void {
    this.recent.clear();
  }
}
