/** A plan: the dispatches that compute a graph, and the buffers they use. Pure data. */
import type { ShaderProgram } from '../fused-kernels/wgsl/kernel-writer';
import type { Value } from '../ir/graph';
import type { PlanRecord } from '../report/record';
import type { BufferPlan } from './memory';

/** Dispatches between two submits; fewer starve the device, more delay it. */
export const DISPATCHES_PER_SUBMIT = 64;

export interface PlanDispatch {
  readonly label: string;
  readonly program: ShaderProgram;
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
  readonly buffers: BufferPlan;
  readonly record: PlanRecord;
}
