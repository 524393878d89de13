/** What graph models need of a backend, and all that they know of it. */
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { FrameSpec } from '../ir/frame';
import type { Graph, HostData } from '../ir/graph';
import type { NewShader, PlanRecord } from '../report/record';
import type { Steps } from '../ir/steps';

/** A graph made ready to run. */
export interface CompiledPlan {
  /** What was fused and what was not, as plain data. */
  readonly record: PlanRecord;
  /** Why the plan cannot be run after all; a driver may say so only some time after compiling. */
  readonly failure?: PlanRefusal;
  /** Bytes that the plan holds between calls. */
  readonly bytes?: number;
  /** Shaders of the plan for which there was no pipeline when it was compiled. */
  readonly newShaders?: readonly NewShader[];
  /** Shaders for which there was one. */
  readonly sharedShaders?: number;
  /** Milliseconds of compiling that making pipelines and recording took; 0 where that comes later. */
  readonly preparingMs?: number;
}

/** What making plans ready took. */
export interface AheadReport {
  /** Pipelines that were compiled; those that were there already do not count. */
  readonly pipelines: number;
  /** Choices among kernels that were measured on the device. */
  readonly tuned: number;
  /** The longest time for which anything else in the page had to wait, in milliseconds. */
  readonly longestTaskMs: number;
}

/** Told how much of some work is done. */
export type WorkProgress = (done: number, total: number) => void;

/** Bytes of intermediates that a replayed call keeps, and the most that lives at once. */
export interface ReplayedMemory {
  readonly allocated: number;
  readonly lowerBound: number;
}

/** Watches calls that do the same each time, and replays them. */
export interface CallCapture {
  /** What became of the latest call. */
  readonly status: {
    readonly isReplayed: boolean;
    readonly reason: string | null;
    readonly memory?: ReplayedMemory;
  };
  /** Calls `run`, or replays what it did with inputs of these shapes and dtypes. */
  call(inputs: readonly Tensor[], run: () => Tensor[], key: string): Tensor[];
  dispose(): void;
}

/**
 * Compiles and runs graphs of primitives on a backend: the one thing that the graph-model side
 * needs of it.
 */
export interface PlanRuntime {
  /** @throws Error if nothing can be run, and there is no use in trying other ways. */
  assertAlive?(): void;
  /**
   * Compiles a graph, which then belongs to the plan.
   *
   * @param anySize whether graphs like it come with other sizes, which its shaders are to serve too.
   * @throws RefusedError if the graph cannot be compiled; its nodes are the model's to blame.
   */
  compile(graph: Graph, label: string, anySize?: boolean): CompiledPlan;
  /** As `compile`, in pieces of some milliseconds, where it can be. */
  compileSteps?(graph: Graph, label: string, anySize?: boolean): Steps<CompiledPlan>;
  /**
   * Runs a plan.
   *
   * @param inputs one tensor for each of the graph's inputs, of its shape and dtype.
   * @returns one tensor for each of the graph's outputs, owned by the caller.
   */
  run(plan: CompiledPlan, inputs: readonly TensorInfo[]): TensorInfo[];
  /**
   * Where plans are compiled to be looked at: what tfjs computes instead of running one, as if a device had.
   * Undefined where a plan is run after all.
   */
  standIn?<T extends Tensor[] | Promise<Tensor[]>>(compute: () => T): T | undefined;
  /** Calls `run`, in which what plans encode is submitted with the next read, or at the end. */
  together?<T>(run: () => Promise<T>): Promise<T>;
  /** Whether candidates of kernels are to be measured, where it is asked for or not said. */
  tunes?(asked?: boolean): boolean;
  /**
   * Makes plans ready without blocking: those that are compiled during `work` wait with their
   * shaders, which are then compiled all at once.
   *
   * @param onTuned told how many choices among kernels were measured; null where none are to be.
   */
  ahead?(
    work: () => Promise<void>,
    onProgress: WorkProgress,
    onTuned: WorkProgress | null,
  ): Promise<AheadReport>;
  /**
   * Does work of which only the shapes matter: plans that wait with their shaders are not run, and
   * their outputs have no particular elements.
   */
  rehearse?<T>(work: () => T): T;
  /** Resolves when the device has done what it was given. */
  finish?(): Promise<void>;
  /** Why a plan is made ready anew for each call instead of being replayed; null if it is not. */
  replayObstacle?(): string | null;
  /** Captures calls that plans are only a part of; a capture for each kind of call. */
  makeCapture?(): CallCapture;
  /** Frees what a plan holds. */
  dispose(plan: CompiledPlan): void;
  /** dtype of the elements behind a tensor, where a lossless cast has only renamed them. */
  storedType?(tensor: TensorInfo): string;
  /** What is known of a tensor that plans read as a texture. */
  frameOf?(tensor: TensorInfo): FrameSpec | undefined;
  /** Elements of a tensor that are on the host already; undefined rather than a read-back. */
  hostValues?(tensor: TensorInfo): HostData | undefined;
  /** Whether tensors are few and on the host only, and what the host computes of them now is right in later calls. */
  areOnHost?(tensors: readonly TensorInfo[]): boolean;
}

/** Model nodes that a compiler refused, and why. */
export interface PlanRefusal {
  readonly nodes: readonly string[];
  readonly reason: string;
}
