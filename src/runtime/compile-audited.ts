/** Compiles graphs for a device, and shows the plans to whoever checks them. */
import { compileSteps, type CompileOptions } from '../compiler/compile';
import type { Plan } from '../compiler/plan';
import { flag } from '../host/flags';
import { copyGraph, type Graph } from '../ir/graph';
import { runSteps, type Steps } from '../ir/steps';
import type { PlanAuditor, RejectNodes } from './plan-auditor';
import type { PlanDevice } from './plan-device';

let makeAuditor: ((device: PlanDevice) => PlanAuditor) | null = null;
let hasWarned = false;

/** Says who checks plans where `WEBGPU_FUSED_VERIFY` asks for it. */
export function provideAuditor(make: (device: PlanDevice) => PlanAuditor): void {
  makeAuditor = make;
}

/**
 * Compiles a graph, which then belongs to the plan.
 * @param reject called if the plan is found to compute something else than the graph.
 */
export function compileAudited(
  device: PlanDevice,
  graph: Graph,
  label: string,
  reject: RejectNodes,
  options?: CompileOptions,
): Plan {
  return runSteps(compileAuditedSteps(device, graph, label, reject, options));
}

/** As {@link compileAudited}, in pieces of some milliseconds. */
export function* compileAuditedSteps(
  device: PlanDevice,
  graph: Graph,
  label: string,
  reject: RejectNodes,
  options?: CompileOptions,
): Steps<Plan> {
  if (flag('WEBGPU_FUSED_VERIFY')) device.auditor ??= askedFor(device);
  const { auditor } = device;
  const source = auditor && copyGraph(graph);
  const plan = yield* compileSteps(graph, device.target, label, {
    ...device.compileOptions,
    ...options,
  });
  if (auditor && source) auditor.compiled(plan, source, reject);
  return plan;
}

function askedFor(device: PlanDevice): PlanAuditor | null {
  if (makeAuditor) return makeAuditor(device);
  if (!hasWarned) {
    hasWarned = true;
    console.warn(
      '[webgpu-fused] WEBGPU_FUSED_VERIFY: got true, and nobody who could verify; needs ' +
        "import 'tfjs-backend-webgpu-fused/verify' in front of the first call.",
    );
  }
  return null;
}
