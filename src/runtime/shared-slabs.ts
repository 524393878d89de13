/**
 * Memory of intermediates, shared by plans: no two plans run at once, and nothing on a slab outlives a run. So plans
 * for many sizes hold hardly more than the one for the largest.
 */

/** How many times larger than it has to be a slab may be: a small plan does not keep a large one's memory. */
const MAX_WASTE = 4;

/** Where slabs come from, and go. */
export interface SlabPool {
  acquire(size: number): GPUBuffer;
  release(slab: GPUBuffer): void;
}

export class SharedSlabs {
  /** Those that exist, with the number of plans that have them. */
  private readonly users = new Map<GPUBuffer, number>();
  /** Those that others may have as well. */
  private readonly open = new Set<GPUBuffer>();
  /** Another number once slabs may be dead: what was recorded on them is to be recorded anew. */
  generation = 0;

  constructor(private readonly pool: SlabPool) {}

  /** A slab for each of `sizes`, of as many bytes at least; all different. */
  take(sizes: readonly number[]): GPUBuffer[] {
    const taken = new Set<GPUBuffer>();
    return sizes.map((size) => {
      const slab = this.smallest(size, taken) ?? this.pool.acquire(size);
      taken.add(slab);
      this.open.add(slab);
      this.users.set(slab, (this.users.get(slab) ?? 0) + 1);
      return slab;
    });
  }

  /** Gives back what {@link take} gave, whose commands were submitted. */
  giveBack(slabs: readonly GPUBuffer[]): void {
    for (const slab of slabs) {
      const left = (this.users.get(slab) as number) - 1;
      this.users.set(slab, left);
      if (left > 0) continue;
      this.users.delete(slab);
      this.open.delete(slab);
      this.pool.release(slab);
    }
  }

  /** Bytes of `slabs`, each divided among those that have it. */
  shareOf(slabs: readonly GPUBuffer[]): number {
    return slabs.reduce((sum, slab) => sum + slab.size / (this.users.get(slab) as number), 0);
  }

  /** Nobody is to take what exists now. */
  forget(): void {
    this.open.clear();
    this.generation++;
  }

  /** The smallest slab for `size` bytes that is not too large. */
  private smallest(size: number, taken: ReadonlySet<GPUBuffer>): GPUBuffer | undefined {
    let found: GPUBuffer | undefined;
    for (const slab of this.open) {
      if (slab.size < size || slab.size > MAX_WASTE * size || taken.has(slab)) continue;
      if (!found || slab.size < found.size) found = slab;
    }
    return found;
  }
}
