/** What the benchmark asks of its child processes, and what they answer. */
import type { OutputError } from '../../../src/measure/accuracy';
import type { Candidate, Side } from '../backends';
import type { FusionReport } from '../fused-api';
import type { GpuCounts } from '../../../src/measure/counts';
import type { LeakReport } from '../leaks';
import type { Summary } from '../../../src/measure/statistics';
import type { TimingSummary } from '../../../src/measure/timing';
import type { CaptureTask, VariantResult } from '../../capture/task';
import type { WarmupResult, WarmupTask } from '../../capture/warmup';
import type { CaseResult } from '../../transformer/measure';
import type { CaseTask } from '../../transformer/task';
import type { ShapesResult, ShapesTask } from '../../shapes/task';

/** Measures a warm model on both sides in one process. */
export interface CompareTask {
  kind: 'compare';
  model: string;
  candidate: Candidate;
  /** Each makes one set of inputs; all are compared with `cpu`, the first one is timed. */
  seeds: number[];
  warmups: number;
  reps: number;
  leakRuns: number;
}

/** Measures the very first inference of one side, in a process that has seen nothing before. */
export interface FirstTask {
  kind: 'first';
  model: string;
  candidate: Candidate;
  side: Side;
  seed: number;
  /** Dawn's null device computes nothing: what a call takes there is JavaScript and WebGPU's front end. */
  device: 'null' | 'real';
  /** Inferences in all, two at least; the most memory is known after some. */
  runs: number;
}

/** Rewrites a graph that is too large to run. */
export interface RewriteTask {
  kind: 'rewrite';
  model: string;
}

export type Task =
  CompareTask | FirstTask | RewriteTask | CaptureTask | WarmupTask | CaseTask | ShapesTask;

/** One side of a comparison. */
export interface SideResult {
  /** Why this side could not run; then the rest is absent as far as it did not get. */
  failure?: string;
  loadMs?: number;
  /** Of one warm inference. */
  counts?: GpuCounts;
  /** Pipelines from loading until warm. */
  pipelines?: number;
  error?: OutputError;
  timing?: TimingSummary;
  /** Of the candidate only. */
  leaks?: LeakReport;
}

/** The answer to a `CompareTask`. */
export interface CompareResult {
  sides: Record<Side, SideResult>;
  /** Stock's wall time over the candidate's. */
  ratio?: Summary;
  fusion?: FusionReport;
}

/** The answer to a `FirstTask`. */
export interface FirstResult {
  loadMs: number;
  /** From the call until everything is read back, compilation included. */
  firstMs: number;
  /** CPU time of all threads of the process meanwhile, those of the driver included. */
  firstCpuMs: number;
  /** Of the first inference, time inside the calls of WebGPU that make shaders and pipelines. */
  driverMs: number;
  secondMs: number;
  pipelines: number;
  /** The most bytes that buffers held at once, over the first inferences. */
  peakBytes: number;
}

/** The answer to a `RewriteTask`. */
export interface RewriteResult {
  nodes: number;
  /** Absent while the package has no `optimize`. */
  rewriteMs?: number;
}

/** The answer that belongs to a task. */
export type ResultOf<T extends Task> = T extends CompareTask
  ? CompareResult
  : T extends FirstTask
    ? FirstResult
    : T extends CaptureTask
      ? VariantResult[]
      : T extends WarmupTask
        ? WarmupResult
        : T extends CaseTask
          ? CaseResult
          : T extends ShapesTask
            ? ShapesResult
            : RewriteResult;

/** What a child process sends. */
export type Message = { progress: string } | { result: unknown } | { failure: string };
