/**
 * How much compiling is worth trying. A stream seen for the first time costs credit, one seen again
 * earns it back; where streams never repeat, new ones run kernel by kernel, and after a few of those
 * nothing is recorded for a while; then longer and longer, until a stream repeats.
 */

/** Invocations that may be compiled in vain. */
const MAX_CREDIT = 2048;
/** Streams run kernel by kernel, one after the other, before recording pauses for the first time. */
const PATIENCE = 4;
/** The same after a pause: a stream that repeats shows by its second run. */
const PATIENCE_AFTER_PAUSE = 2;
/** Kernel launches for which recording pauses, at first and at most. */
const FIRST_PAUSE = 512;
const LONGEST_PAUSE = 8192;
/** Keys of streams that ran kernel by kernel; seen again, they are compiled. */
const MAX_REMEMBERED = 512;

export class Exploration {
  private credit = MAX_CREDIT;
  private patience = PATIENCE;
  private pause = FIRST_PAUSE;
  private pausedFor = 0;
  private readonly seen = new Set<number>();

  /** Whether the next kernel is to be recorded. Asked once a launch. */
  mayRecord(): boolean {
    if (this.pausedFor === 0) return true;
    this.pausedFor--;
    return false;
  }

  /** A plan was there for a stream of this many invocations. */
  hit(size: number): void {
    this.credit = Math.min(MAX_CREDIT, this.credit + size);
    this.patience = PATIENCE;
    this.pause = FIRST_PAUSE;
  }

  /** Whether to compile a stream that has no plan. */
  mayCompile(hash: number, size: number): boolean {
    if (this.seen.delete(hash)) return true;
    if (this.credit >= size) {
      this.credit -= size;
      return true;
    }
    if (this.seen.size >= MAX_REMEMBERED) this.seen.clear();
    this.seen.add(hash);
    if (--this.patience <= 0) {
      this.patience = PATIENCE_AFTER_PAUSE;
      this.pausedFor = this.pause;
      this.pause = Math.min(LONGEST_PAUSE, 2 * this.pause);
    }
    return false;
  }
}
