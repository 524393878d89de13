/** One workload on one backend: runs it, reads it, times it. */
import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { useBackend } from '../harness/backends';
import type { OpenWorkload, Workload } from './workload';

export interface RunTime {
  /** From the call to its return. */
  readonly jsMs: number;
  /** Until every result has been read. */
  readonly wallMs: number;
  /** The JavaScript of the run and of asking for the results: nothing is left to start. */
  readonly launchMs: number;
  readonly values: readonly number[];
}

export class OpenSide {
  private constructor(
    private readonly backend: string,
    private readonly open: OpenWorkload,
  ) {}

  static async open(workload: Workload, backend: string): Promise<OpenSide> {
    await useBackend(backend);
    return new OpenSide(backend, await workload.open());
  }

  async activate(): Promise<void> {
    await useBackend(this.backend);
  }

  async run(): Promise<RunTime> {
    const start = performance.now();
    const results = this.open.run();
    const returned = performance.now();
    const reads = results.map((result: Tensor) => result.data());
    const launched = performance.now();
    const values = await Promise.all(reads);
    const end = performance.now();
    tf.dispose(results);
    return {
      jsMs: returned - start,
      launchMs: launched - start,
      wallMs: end - start,
      values: values.flatMap((list) => Array.from(list)),
    };
  }

  dispose(): void {
    this.open.dispose();
  }
}
