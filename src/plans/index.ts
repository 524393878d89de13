/**
 * The subpath `tfjs-backend-webgpu-fused/plans`: what was decided and written for a model, from one visit to the next.
 * Import it before models run: from then on, the steps of their rewriting are remembered.
 */
import { remembers } from '../compiler/rewrite-memory';

export { keepPlan, recallPlan } from './keep';
export type { PlanJson } from './plan-json';
export { exportPlan, importPlan, type ImportedPlan } from './transfer';

remembers.fixedSizes = true;
