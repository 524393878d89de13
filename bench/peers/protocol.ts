/** What a process of one runtime is asked, and what it answers. */
import type { RuntimeName } from './runtimes';

/** Opens a workload and warms it up. `reference` is tfjs's `cpu` backend. */
export interface OpenRequest {
  readonly kind: 'open';
  readonly runtime: RuntimeName | 'reference';
  readonly workload: string;
  readonly warmups: number;
}

/** Times runs, after one that does not count: it fetches back what other processes displaced. */
export interface TimeRequest {
  readonly kind: 'time';
  readonly runs: number;
}

export type Request = OpenRequest | TimeRequest;

export interface Opened {
  /** The adapter that the runtime asked for a device; none for the reference. */
  readonly adapter?: string;
  /** The output of the last warm run. */
  readonly output: Float32Array;
  /** Of one warm run. */
  readonly dispatches: number;
  readonly trafficBytes: number;
}

/** Milliseconds of each run. */
export type Timed = readonly number[];

export type AnswerTo<R extends Request> = R extends OpenRequest ? Opened : Timed;

export type Message = { readonly result: unknown } | { readonly failure: string };
