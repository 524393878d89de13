/** Compiles and runs plans on the active `webgpu-fused` backend: what graph models are given. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { engine } from '@tensorflow/tfjs-core';
import type { Graph, HostData } from '../../ir/graph';
import type { PlanRecord } from '../../report/record';
import { formatKernels, formatPlan } from '../../report/text';
import type { WebGPUFusedBackend } from '../backend';
import { flag } from '../flags';
import { tensorData } from '../host';
import { compilePlan } from './compile';
import { PlanExecutor } from './executor';
import type { Plan } from './plan';

/** A plan that is ready to run, and what was fused in it. */
export interface ReadyPlan {
  readonly record: PlanRecord;
  readonly executor: PlanExecutor;
  /** Set when the driver has rejected one of its shaders. */
  failure?: { readonly nodes: readonly string[]; readonly reason: string };
}

export class BackendRuntime {
  /** @throws RefusedError if a kernel of the graph cannot be computed by a plan. */
  compile(graph: Graph, label: string): ReadyPlan {
    const backend = activeBackend();
    const trace = flag('WEBGPU_FUSED_DEBUG') >= 4 ? logRule : undefined;
    const plan = compilePlan(graph, backend.target, label, { trace });
    logPlan(plan, flag('WEBGPU_FUSED_DEBUG'));
    backend.device.pushErrorScope('validation');
    const ready: ReadyPlan = { record: plan.record, executor: new PlanExecutor(backend, plan) };
    backend.validation.watch(backend.device.popErrorScope(), (reason) => {
      ready.failure = { nodes: [], reason };
    });
    return ready;
  }

  run(plan: ReadyPlan, inputs: readonly TensorInfo[]): TensorInfo[] {
    const outputs = plan.executor.run(inputs);
    activeBackend().validation.track(outputs, plan);
    return outputs;
  }

  dispose(plan: ReadyPlan): void {
    plan.executor.dispose();
  }

  hostValues(tensor: TensorInfo): HostData | undefined {
    const { values } = tensorData(activeBackend(), tensor.dataId);
    return ArrayBuffer.isView(values) ? (values as HostData) : undefined;
  }
}

function logRule(line: string): void {
  console.info(`[webgpu-fused] rule ${line}`);
}

/** What `WEBGPU_FUSED_DEBUG` asks for: 1 the table, 2 every kernel's nodes, 3 the shaders. */
function logPlan(plan: Plan, level: number): void {
  if (level >= 1) console.info(formatPlan(plan.record, { name: plan.label }));
  if (level >= 2) console.info(formatKernels(plan.record));
  if (level >= 3) {
    for (const wgsl of new Set(plan.dispatches.map(({ program }) => program.wgsl))) {
      console.info(wgsl);
    }
  }
}

function activeBackend(): WebGPUFusedBackend {
  return engine().backend as WebGPUFusedBackend;
}
