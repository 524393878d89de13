/**
 * The subpath `tfjs-backend-webgpu-fused/verify`: checks what fused kernels compute. Importing it also
 * serves the flag `WEBGPU_FUSED_VERIFY`.
 */
import { engine } from '@tensorflow/tfjs-core';
import { provideAuditor } from '../runtime/compile-audited';
import { PlanDevice } from '../runtime/plan-device';
import { StandingAudit } from './plan-audit';

export type { Divergence } from './divergence';
export type { GraphJson } from './graph-json';
export type { PredictingModel, Subject, SubjectInputs } from './subject';
export { verify, type OutputVerdict, type Verification } from './verify';
export { verifyGraph } from './verify-graph';

provideAuditor((device) => new StandingAudit(device));

/** Resolves when what `WEBGPU_FUSED_VERIFY` asked to be checked has been. */
export async function verified(): Promise<void> {
  const backend: unknown = engine().backend;
  if (!(backend instanceof PlanDevice) || !(backend.auditor instanceof StandingAudit)) return;
  backend.runPending();
  await backend.auditor.settled();
}
