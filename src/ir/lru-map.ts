/** A map that forgets what has not been used for longest. */

export interface LruLimits<K, V> {
  /** Entries kept at most. */
  readonly entries: number;
  /** The weight of an entry, such as the bytes that it holds; asked for whenever one is added. */
  readonly weightOf?: (value: V, key: K) => number;
  /** All weights together, at most. The entry that was added last is kept, whatever it weighs. */
  readonly weight?: number;
  /** Frees what a forgotten entry holds. Not called by {@link LruMap.delete}. */
  readonly onForget?: (value: V, key: K) => void;
}

export class LruMap<K, V> {
  /** From the entry used longest ago to the one used last. */
  private readonly map = new Map<K, V>();
  private newest: K | undefined;

  constructor(private readonly limits: LruLimits<K, V>) {}

  get size(): number {
    return this.map.size;
  }

  /** The value used last. */
  get latest(): V | undefined {
    return this.newest === undefined ? undefined : this.map.get(this.newest);
  }

  /** The value under a key, which is thereby used. */
  get(key: K): V | undefined {
    const value = this.map.get(key);
    if (value !== undefined && key !== this.newest) {
      this.map.delete(key);
      this.map.set(key, value);
      this.newest = key;
    }
    return value;
  }

  /** Adds a value, forgets the one that was there, and others while there are too many. */
  set(key: K, value: V): void {
    const replaced = this.map.get(key);
    this.map.delete(key);
    this.map.set(key, value);
    this.newest = key;
    if (replaced !== undefined && replaced !== value) this.limits.onForget?.(replaced, key);
    for (const [oldest, old] of this.map) {
      if (oldest === key || !this.isOverfull()) break;
      this.map.delete(oldest);
      this.limits.onForget?.(old, oldest);
    }
  }

  /** Removes an entry without forgetting it: the caller has it. */
  delete(key: K): boolean {
    if (key === this.newest) this.newest = undefined;
    return this.map.delete(key);
  }

  /** Keys, the one used last at the end. */
  keys(): IterableIterator<K> {
    return this.map.keys();
  }

  /** Values, the one used last at the end. */
  values(): IterableIterator<V> {
    return this.map.values();
  }

  /** Forgets everything. */
  clear(): void {
    for (const [key, value] of [...this.map]) {
      this.delete(key);
      this.limits.onForget?.(value, key);
    }
  }

  private isOverfull(): boolean {
    const { entries, weight = Infinity, weightOf } = this.limits;
    if (this.map.size > entries) return true;
    if (!weightOf) return false;
    let sum = 0;
    for (const [key, value] of this.map) sum += weightOf(value, key);
    return sum > weight;
  }
}
