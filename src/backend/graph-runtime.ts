/** Compiles and runs plans on the active `webgpu-fused` backend: what graph models are given. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { engine } from '@tensorflow/tfjs-core';
import type { Graph, HostData } from '../ir/graph';
import type { PlanRecord } from '../report/record';
import { formatKernels, formatPlan } from '../report/text';
import type { WebGPUFusedBackend } from './backend';
import { type AheadProgress, type AheadMeter, compileAhead } from '../runtime/compile-ahead';
import { CapturedCall, captureObstacle } from '../capture/captured-call';
import { flag } from '../host/flags';
import { tensorData } from '../host/internals';
import { compilePlan } from '../compiler/compile';
import { PlanExecutor } from '../runtime/executor';
import type { Failure } from '../runtime/failure';
import type { Plan } from '../compiler/plan';

/** A plan that is ready to run, and what was fused in it. */
export interface ReadyPlan {
  readonly record: PlanRecord;
  readonly executor: PlanExecutor;
  /** False while its shaders are still to be compiled. */
  isPrepared: boolean;
  /** Set when the driver has rejected one of its shaders. */
  readonly failure: Failure | undefined;
}

export class BackendRuntime {
  /** Plans compiled while {@link ahead} collects them; null at other times. */
  private collected: ReadyPlan[] | null = null;
  /** Whether plans whose shaders are still to be compiled give outputs without computing them. */
  private isRehearsal = false;

  assertAlive(): void {
    activeBackend().assertAlive();
  }

  /** @throws RefusedError if a kernel of the graph cannot be computed by a plan. */
  compile(graph: Graph, label: string): ReadyPlan {
    const backend = activeBackend();
    const trace = flag('WEBGPU_FUSED_DEBUG') >= 4 ? logRule : undefined;
    const plan = compilePlan(graph, backend.target, label, { ...backend.compileOptions, trace });
    logPlan(plan, flag('WEBGPU_FUSED_DEBUG'));
    const executor = new PlanExecutor(backend, plan, true);
    const ready: ReadyPlan = {
      record: plan.record,
      executor,
      isPrepared: false,
      get failure() {
        return executor.failure;
      },
    };
    if (this.collected) this.collected.push(ready);
    else prepare(ready);
    return ready;
  }

  run(plan: ReadyPlan, inputs: readonly TensorInfo[]): TensorInfo[] {
    if (!plan.isPrepared && this.isRehearsal) return plan.executor.outline(inputs);
    if (!plan.isPrepared) prepare(plan);
    return plan.executor.run(inputs);
  }

  async ahead(work: () => Promise<void>, onProgress: AheadProgress): Promise<AheadMeter> {
    const plans = (this.collected = [] as ReadyPlan[]);
    try {
      await work();
    } finally {
      this.collected = null;
    }
    const waiting = plans.filter(({ isPrepared }) => !isPrepared);
    const executors = waiting.map(({ executor }) => executor);
    const report = await compileAhead(activeBackend(), executors, onProgress);
    for (const plan of waiting) report.task(() => prepare(plan));
    return report;
  }

  rehearse<T>(work: () => T): T {
    this.isRehearsal = true;
    try {
      return work();
    } finally {
      this.isRehearsal = false;
    }
  }

  async finish(): Promise<void> {
    const { device } = activeBackend();
    // A device that is lost does not answer any more.
    await Promise.race([device.queue.onSubmittedWorkDone(), device.lost]);
  }

  replayObstacle(): string | null {
    return captureObstacle();
  }

  makeCapture(): CapturedCall {
    return new CapturedCall(activeBackend());
  }

  dispose(plan: ReadyPlan): void {
    plan.executor.dispose();
  }

  storedType(tensor: TensorInfo): string {
    return tensorData(activeBackend(), tensor.dataId).dtype;
  }

  hostValues(tensor: TensorInfo): HostData | undefined {
    const { values } = tensorData(activeBackend(), tensor.dataId);
    return ArrayBuffer.isView(values) ? (values as HostData) : undefined;
  }
}

/** Makes a plan ready to run; what the driver says of its shaders comes later. */
function prepare(plan: ReadyPlan): void {
  plan.isPrepared = true;
  plan.executor.prepare();
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
