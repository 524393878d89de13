/** Somebody who checks what plans compute: the subpath `verify`, where an app imports it. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Plan } from '../compiler/plan';
import type { Graph } from '../ir/graph';

/** Takes what a plan computes out of use: nodes, or all of them where it names none. */
export type RejectNodes = (nodes: readonly string[], reason: string) => void;

export interface PlanAuditor {
  /** A plan was compiled of `source`, and runs until `reject` is called. */
  compiled(plan: Plan, source: Graph, reject: RejectNodes): void;
  /**
   * A plan has run.
   * @param outputs one tensor for each output that the plan computes, in order of first appearance.
   */
  ran(plan: Plan, inputs: readonly TensorInfo[], outputs: readonly TensorInfo[]): void;
}
