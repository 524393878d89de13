/**
 * Lets go of what lies unused in a pool of stock's. Stock keeps every buffer and texture for the next one of the
 * very same size; where sizes never come back, it keeps them for ever.
 */

/**
 * Submissions in which a resource that nobody takes is idle: so many that what comes again within a call, a training
 * step or a second of frames is there, and making the rest again costs next to nothing a call.
 */
const PERIOD = 128;

/** A pool of stock's: resources by a key of their size and kind. */
export interface ResourcePool<T> {
  readonly free: Map<string, T[]>;
  readonly used: Map<string, readonly T[]>;
  /** Destroys one that was taken out of {@link free}. */
  readonly destroy: (resource: T) => void;
}

export class IdleResources<T> {
  /** How many of a key lay free all the time since the last sweep. */
  private readonly untouched = new Map<string, number>();
  private submissions = 0;

  constructor(private readonly pool: ResourcePool<T>) {}

  /** Takes note that a free resource was taken, and how many are left. */
  noteTaken(key: string, left: number): void {
    if ((this.untouched.get(key) ?? 0) > left) this.untouched.set(key, left);
  }

  /** After a submission: no command that waits refers to what is free. */
  noteSubmission(): void {
    if (++this.submissions % PERIOD === 0) this.sweep();
  }

  /** Destroys what is idle, and forgets keys of nothing. */
  private sweep(): void {
    const { pool, untouched } = this;
    const { free, used } = pool;
    for (const [key, busy] of used) {
      const resources = free.get(key) ?? [];
      const idle = Math.min(untouched.get(key) ?? 0, resources.length);
      for (const resource of resources.splice(0, idle)) pool.destroy(resource);
      untouched.set(key, resources.length);
      // Stock gives nothing back to a pool of no keys.
      if (resources.length > 0 || busy.length > 0 || free.size === 1) continue;
      for (const keys of [free, used, untouched]) keys.delete(key);
    }
  }
}
