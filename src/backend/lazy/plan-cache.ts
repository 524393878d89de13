/** Plans by stream key; those not used for longest are given up. */
import type { KernelRecord, RefusalRecord } from '../../report/record';
import type { PlanExecutor } from '../plan/executor';
import type { Wiring } from './assemble';
import { SequenceMap, type IntSequence } from './int-sequence';

/** What a stream turned out to be. */
export interface CachedPlan {
  readonly hash: number;
  /** Absent where compiling failed: then the kernels run one by one. */
  readonly executor: PlanExecutor | null;
  readonly wiring: Wiring;
  /** What its flushes have in common. */
  readonly summary: PlanSummary;
  /** Set when the driver rejects one of its shaders. */
  failure?: { readonly reason: string };
}

export interface PlanSummary {
  readonly kernels: readonly string[];
  readonly groups: readonly KernelRecord[];
  readonly refused: readonly RefusalRecord[];
  readonly dispatches: number;
  readonly bytesSaved: number;
}

const MAX_PLANS = 128;
/** Memory that plans hold for their intermediates, all together. */
const MAX_BYTES = 512 * 2 ** 20;

export class PlanCache {
  private readonly byKey = new SequenceMap<CachedPlan>();
  /** In order of last use. */
  private readonly recent = new Set<CachedPlan>();
  private bytes = 0;
  /** Tensors that the plans keep for themselves. */
  tensors = 0;

  get size(): number {
    return this.byKey.size;
  }

  get(key: IntSequence): CachedPlan | undefined {
    const found = this.byKey.get(key);
    if (found) {
      this.recent.delete(found);
      this.recent.add(found);
    }
    return found;
  }

  add(key: IntSequence, plan: CachedPlan): void {
    this.byKey.add(key, plan);
    this.recent.add(plan);
    this.bytes += bytesOf(plan);
    this.tensors += tensorsOf(plan);
    for (const oldest of this.recent) {
      if (oldest === plan || (this.size <= MAX_PLANS && this.bytes <= MAX_BYTES)) break;
      this.recent.delete(oldest);
      this.byKey.remove(oldest.hash, oldest);
      this.bytes -= bytesOf(oldest);
      this.tensors -= tensorsOf(oldest);
      oldest.executor?.dispose();
    }
  }

  clear(): void {
    for (const { executor } of this.recent) executor?.dispose();
    this.recent.clear();
    this.byKey.clear();
    this.bytes = 0;
    this.tensors = 0;
  }
}

function bytesOf({ executor }: CachedPlan): number {
  return executor ? executor.plan.record.memory.allocated : 0;
}

function tensorsOf({ executor }: CachedPlan): number {
  return executor ? executor.ownTensors : 0;
}
