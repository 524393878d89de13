/**
 * How much queueing and compiling is worth trying. A stream seen for the first time costs credit,
 * one seen again earns it back. Where streams never repeat, credit runs out; then kernels run at
 * once, and only what they are is noted, which costs next to nothing: a hash a segment, from one
 * end of a task or read to the next. Segments that come again start queueing anew.
 */

/** Invocations that may be compiled in vain. */
const MAX_CREDIT = 2048;
/** What a stream costs at most: two long ones tell as well as many short ones whether any comes again. */
const MAX_PRICE = 1024;
/** Invocations queued and then run kernel by kernel, more than were fused, before queueing ends. */
const PATIENCE = 1024;
/** Segments that must come again, at most: twice as many after every time that it was in vain. */
const MAX_NEEDED = 64;
/**
 * Launches of a segment, at most: those of a recurrent layer of a hundred steps, which are one program. A stream ends
 * where its segment does, so that a long program is cut at the same places in every run, whatever of it was queued,
 * and its streams are known by their second one.
 */
export const MAX_SEGMENT = 4096;
/** Keys of streams that ran kernel by kernel, and of segments; seen again, they are worth a try. */
const MAX_REMEMBERED = 512;

export class Exploration {
  private credit = MAX_CREDIT;
  private wasted = 0;
  private queueing = true;
  /** Segments that must still come again before queueing starts anew, and those next time. */
  private awaited = 0;
  private needed = 1;
  private hash = 0;
  private length = 0;
  private readonly streams = new Set<number>();
  private readonly segments = new Set<number>();

  /** Whether kernels are queued, or launched at once. */
  get isQueueing(): boolean {
    return this.queueing;
  }

  /**
   * A kernel is called; `hash` says which, with which attributes and shapes.
   *
   * @returns whether it is the first of a segment because the one before was full.
   */
  note(hash: number): boolean {
    const isFull = this.length >= MAX_SEGMENT;
    if (isFull) this.endSegment();
    const mixed = Math.imul(this.hash ^ hash, 0x01000193);
    this.hash = mixed ^ (mixed >>> 15);
    this.length++;
    return isFull;
  }

  /** A task ends, or a value is read. */
  endSegment(): void {
    const { hash, length } = this;
    if (length === 0) return;
    this.hash = 0;
    this.length = 0;
    if (!this.segments.has(hash)) {
      remember(this.segments, hash);
      return;
    }
    // What comes again is worth its plans, however many they are.
    this.credit = Math.min(MAX_CREDIT, this.credit + length);
    if (this.queueing) return;
    // A long one says as much as several short ones.
    this.awaited -= Math.ceil(length / MAX_PRICE);
    if (this.awaited <= 0) this.queueing = true;
  }

  /** Whether a stream, of this many invocations so far, may go on with one never seen before. */
  mayGoOn(size: number): boolean {
    if (this.credit >= priceOf(size)) return true;
    this.stopQueueing();
    return false;
  }

  /** A plan was there for a stream of this many invocations. */
  hit(size: number): void {
    this.credit = Math.min(MAX_CREDIT, this.credit + size);
    this.wasted = Math.max(0, this.wasted - size);
    this.needed = 1;
  }

  /**
   * Whether to compile a stream that has no plan. One that is another before it with new sizes
   * (`isResized`) does repeat, and costs no credit.
   */
  mayCompile(hash: number, size: number, isResized = false): boolean {
    if (this.streams.delete(hash)) return true;
    if (this.queueing && isResized) return true;
    const price = priceOf(size);
    if (this.queueing && this.credit >= price) {
      this.credit -= price;
      return true;
    }
    remember(this.streams, hash);
    this.wasted += size;
    if (this.queueing && this.wasted > PATIENCE) this.stopQueueing();
    return false;
  }

  private stopQueueing(): void {
    this.queueing = false;
    // The next time there is less patience: what repeats shows by its second run.
    this.wasted = PATIENCE / 2;
    this.awaited = this.needed;
    this.needed = Math.min(MAX_NEEDED, 2 * this.needed);
  }
}

const priceOf = (size: number): number => Math.min(size, MAX_PRICE);

function remember(keys: Set<number>, key: number): void {
  if (keys.size >= MAX_REMEMBERED) keys.clear();
  keys.add(key);
}
