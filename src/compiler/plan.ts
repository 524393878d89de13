/** A plan: the dispatches that compute a graph, and the buffers they use. Pure data. */
import type { Choice } from '../fused-kernels/target';
import type { ShaderProgram } from '../fused-kernels/wgsl/kernel-writer';
import type { Node, Value } from '../ir/graph';
import type { PlanRecord } from '../report/record';
import type { BufferPlan } from './memory';

/** Dispatches between two submits; fewer starve the device, more delay it. */
export const DISPATCHES_PER_SUBMIT = 64;

export interface PlanDispatch {
  readonly label: string;
  readonly program: ShaderProgram;
  /** What its shader is known by to the cache of programs. */
  readonly structure: string;
}

/** A choice among candidates that a kernel of a plan made. */
export interface PlanChoice {
  readonly choice: Choice;
  /** Name of the candidate that it is computed by. */
  readonly picked: string;
  /** Whether it was picked by what was measured. */
  readonly isTuned: boolean;
  /** The kernel's anchor. */
  readonly node: Node;
  /** Bytes that the kernel reads and writes. */
  readonly bytes: number;
}

export interface Plan {
  readonly label: string;
  readonly inputs: readonly Value[];
  /** Values returned; each is computed by the plan, or one of its inputs or constants. */
  readonly outputs: readonly Value[];
  /** Constants that some dispatch loads. */
  readonly constants: readonly Value[];
  /** What depends on constants only: run once, when the plan is made ready. */
  readonly prelude: { readonly plan: Plan; readonly results: readonly Value[] } | null;
  readonly dispatches: readonly PlanDispatch[];
  /** What could be computed otherwise, one at most for each dispatch. */
  readonly choices: readonly PlanChoice[];
  readonly buffers: BufferPlan;
  /** What the steps of its rewriting are known by, where they are remembered. */
  readonly structure?: string;
  readonly record: PlanRecord;
}
