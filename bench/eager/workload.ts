/** What the eager benchmark runs: a program that is opened on a backend and run again and again. */
import type { Tensor } from '@tensorflow/tfjs-core';

/** A program with its data on one backend. */
export interface OpenWorkload {
  /** Runs once; the caller reads and disposes of the results. */
  run(): Tensor[];
  dispose(): void;
}

export interface Workload {
  readonly name: string;
  /** The point of the criteria that it shows. */
  readonly group: 'chain' | 'model' | 'training' | 'overhead' | 'busy';
  /** Dispatches that it must not exceed; elsewhere half of stock's are the limit. */
  readonly floor?: number;
  /** Share of stock's dispatches that it must not exceed, where that is not half. */
  readonly share?: number;
  /** Times of the JavaScript alone are what counts, as a share of stock's. */
  readonly jsLimit?: number;
  /** Times of the whole run are what counts, as a share of stock's. */
  readonly wallLimit?: number;
  /** Makes what it needs on the active backend, the same on every backend. */
  open(): Promise<OpenWorkload>;
}
