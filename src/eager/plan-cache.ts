/** Plans by stream key; those not used for longest are given up. */
import type { PlanDevice } from '../runtime/plan-device';
import { SequenceMap, type IntSequence } from './int-sequence';
import { Specialization } from './specialize';
import type { Stream } from './stream';
import type { Variant } from './variant';

/** What a stream turned out to be. */
interface CachedPlan {
  readonly hash: number;
  readonly general: Variant;
  readonly special: Specialization;
}

const MAX_PLANS = 128;
/** Memory that plans hold for their intermediates, all together. */
const MAX_BYTES = 512 * 2 ** 20;

export class PlanCache {
  private readonly byKey = new SequenceMap<CachedPlan>();
  /** In order of last use. */
  private readonly recent = new Set<CachedPlan>();
  private readonly counted = new Set<Variant>();
  private bytes = 0;
  /** Tensors that the plans keep for themselves. */
  tensors = 0;

  constructor(private readonly backend: PlanDevice) {}

  /** The plan for a stream, made for its weights where these do not change. */
  find(key: IntSequence, stream: Stream): Variant | undefined {
    const found = this.byKey.get(key);
    if (!found) return undefined;
    this.recent.delete(found);
    this.recent.add(found);
    const special = found.general.executor && found.special.find(this.backend, stream);
    if (!special) return found.general;
    this.count(special);
    return special;
  }

  add(key: IntSequence, general: Variant): void {
    const special = new Specialization((variant) => this.discount(variant));
    const plan = { hash: key.hash, general, special };
    this.byKey.add(key, plan);
    this.recent.add(plan);
    this.count(general);
    for (const oldest of this.recent) {
      if (oldest === plan || (this.byKey.size <= MAX_PLANS && this.bytes <= MAX_BYTES)) break;
      this.remove(oldest);
    }
  }

  clear(): void {
    for (const plan of [...this.recent]) this.remove(plan);
  }

  private remove(plan: CachedPlan): void {
    this.recent.delete(plan);
    this.byKey.remove(plan.hash, plan);
    plan.special.dispose();
    this.discount(plan.general);
    plan.general.executor?.dispose();
  }

  private count(variant: Variant): void {
    if (this.counted.has(variant) || !variant.executor) return;
    this.counted.add(variant);
    this.bytes += variant.executor.plan.record.memory.allocated;
    this.tensors += variant.executor.ownTensors;
  }

  private discount(variant: Variant): void {
    if (!this.counted.delete(variant) || !variant.executor) return;
    this.bytes -= variant.executor.plan.record.memory.allocated;
    this.tensors -= variant.executor.ownTensors;
  }
}
