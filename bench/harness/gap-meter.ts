/** How long anything else in the process has to wait, seen from outside: by a callback that always waits for its turn. */
export class GapMeter {
  private longest = 0;
  private isRunning = false;

  start(): void {
    this.isRunning = true;
    this.longest = 0;
    let last = performance.now();
    const turn = (): void => {
      const now = performance.now();
      this.longest = Math.max(this.longest, now - last);
      last = now;
      if (this.isRunning) setImmediate(turn);
    };
    setImmediate(turn);
  }

  /** Milliseconds between the two turns that were furthest apart, once the last one is over. */
  async stop(): Promise<number> {
    await new Promise((resolve) => setImmediate(resolve));
    this.isRunning = false;
    return this.longest;
  }
}
