/** How long the values that come from outside a stream have been the same. */
import type { DataId } from '@tensorflow/tfjs-core';
import type { External } from './pending';

export class Steadiness {
  /** Runs that were noted. */
  private runs = 0;
  private readonly last: (DataId | number)[] = [];
  /** The run in which each was new. */
  private readonly since: number[] = [];
  private readonly inputs = new Set<number>();

  /** Notes the values of a run. A number that is another one than before is an input for good. */
  note(externals: readonly External[]): void {
    this.runs++;
    for (let at = 0; at < externals.length; at++) {
      const { data, scalar } = externals[at];
      const value = scalar ?? data.lazy.dataId;
      if (Object.is(value, this.last[at])) continue;
      if (scalar !== undefined && at in this.last) this.inputs.add(at);
      this.last[at] = value;
      this.since[at] = this.runs;
    }
  }

  /** Says that an external is an input for good, whatever it seems to be. */
  markInput(external: number): void {
    this.inputs.add(external);
  }

  /** Forgets for how long tensors have been the same: they have to prove themselves anew. */
  restart(): void {
    this.since.fill(this.runs + 1);
  }

  /** Runs for which an external has been the same, this one included; 0 for an input. */
  runsOf(external: number): number {
    return this.inputs.has(external) ? 0 : Math.max(0, this.runs - this.since[external] + 1);
  }
}
