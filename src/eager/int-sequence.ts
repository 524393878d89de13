/** A growing sequence of integers with a running hash: keys that cost no allocation to build. */

const PRIME = 0x01000193;
const OFFSET = 0x811c9dc5 | 0;

/** A hash that goes on with another integer. */
export function mixHash(hash: number, value: number): number {
  const mixed = Math.imul(hash ^ value, PRIME);
  return mixed ^ (mixed >>> 15);
}

export class IntSequence {
  private ints = new Int32Array(256);
  private readonly float = new Float64Array(1);
  private readonly halves = new Int32Array(this.float.buffer);
  length = 0;
  hash = OFFSET;

  clear(): void {
    this.length = 0;
    this.hash = OFFSET;
  }

  push(value: number): void {
    if (this.length === this.ints.length) {
      const larger = new Int32Array(2 * this.length);
      larger.set(this.ints);
      this.ints = larger;
    }
    this.ints[this.length++] = value;
    this.hash = mixHash(this.hash, value);
  }

  /** Adds all 64 bits of a number. */
  pushNumber(value: number): void {
    this.float[0] = value;
    this.push(this.halves[0]);
    this.push(this.halves[1]);
  }

  /** A copy of what was pushed. */
  take(): Int32Array {
    return this.ints.slice(0, this.length);
  }

  equals(other: Int32Array): boolean {
    const { length, ints } = this;
    if (other.length !== length) return false;
    for (let i = 0; i < length; i++) if (ints[i] !== other[i]) return false;
    return true;
  }
}

/** Values by integer sequence; equal hashes are told apart by their sequences. */
export class SequenceMap<T> {
  private readonly buckets = new Map<number, { readonly key: Int32Array; readonly value: T }[]>();
  size = 0;

  get(key: IntSequence): T | undefined {
    const bucket = this.buckets.get(key.hash);
    if (!bucket) return undefined;
    for (const entry of bucket) if (key.equals(entry.key)) return entry.value;
    return undefined;
  }

  /** Adds a value under a key that the map does not have. */
  add(key: IntSequence, value: T): void {
    const entry = { key: key.take(), value };
    const bucket = this.buckets.get(key.hash);
    if (bucket) bucket.push(entry);
    else this.buckets.set(key.hash, [entry]);
    this.size++;
  }

  /** Removes a value that was added while its key had this hash. */
  remove(hash: number, value: T): void {
    const bucket = this.buckets.get(hash);
    const at = bucket ? bucket.findIndex((entry) => entry.value === value) : -1;
    if (!bucket || at < 0) return;
    bucket.splice(at, 1);
    if (bucket.length === 0) this.buckets.delete(hash);
    this.size--;
  }

  clear(): void {
    this.buckets.clear();
    this.size = 0;
  }
}
