/** Somebody who watches a call: what the runtime, the queue and the backend tell them. */
import type { DataId, TensorInfo } from '@tensorflow/tfjs-core';
import type { Plan } from '../compiler/plan';
import type { Bindable } from '../host/frames';

/** A plan that can be run again between buffers, as part of a larger call. */
export interface ReplayablePlan {
  readonly plan: Plan;
  /** What it keeps between runs; null if a guard says that it has to be made anew. */
  readonly recording: { readonly slabs: readonly GPUBuffer[] } | null;
  /**
   * Encodes the plan.
   * @param outputs one for each output that the plan computes, in order of first appearance.
   * @param isLast whether to submit what is encoded.
   */
  encode(inputs: readonly Bindable[], outputs: readonly GPUBuffer[], isLast: boolean): void;
}

export interface CallObserver {
  /** Notes why the call cannot be captured. */
  refuse(reason: string): void;
  /** A tensor came to be during the call. */
  create(dataId: DataId): void;
  /** Elements are uploaded. */
  upload(dataId: DataId, elements: ArrayLike<number>): void;
  /** Somebody asks for the elements of a tensor. */
  read(dataId: DataId): void;
  /** Whether the call may take a tensor's value for constant; if so, it notices that it changes. */
  relyOn(dataId: DataId): boolean;
  /** A program of stock's is to run: calls `launch`, which does that. */
  dispatch(program: object, inputs: readonly TensorInfo[], launch: () => TensorInfo): TensorInfo;
  /** A plan has run. */
  plan(plan: ReplayablePlan, inputs: readonly TensorInfo[], outputs: readonly TensorInfo[]): void;
}
