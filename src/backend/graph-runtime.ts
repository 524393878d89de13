/** Compiles and runs plans on the active `webgpu-fused` backend: what graph models are given. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { engine } from '@tensorflow/tfjs-core';
import type { FrameSpec } from '../ir/frame';
import { copyGraph, type Graph, type HostData } from '../ir/graph';
import type { NewShader, PlanRecord } from '../report/record';
import { formatKernels, formatPlan } from '../report/text';
import type { WebGPUFusedBackend } from './backend';
import { type AheadProgress, type AheadMeter, compileAhead } from '../runtime/compile-ahead';
import { CapturedCall, captureObstacle } from '../capture/captured-call';
import { flag } from '../host/flags';
import { RefusedError } from '../ir/infer/refused';
import { nextTask, runSteps, takeTurns, type Steps } from '../ir/steps';
import { tensorData } from '../host/internals';
import { compileAuditedSteps } from '../runtime/compile-audited';
import type { RejectNodes } from '../runtime/plan-auditor';
import { submitAll } from '../runtime/encode';
import { PlanExecutor } from '../runtime/executor';
import { codeOf } from '../runtime/pipelines';
import type { Plan } from '../compiler/plan';
import { recallTuning, saveTuning } from '../runtime/tuning/store';
import { tunePlans, type TuningReport } from '../runtime/tuning/tune';

/** A plan that is ready to run, and what was fused in it. */
export interface ReadyPlan {
  record: PlanRecord;
  executor: PlanExecutor;
  /** False while its shaders are still to be compiled. */
  isPrepared: boolean;
  /** Set when the driver has rejected one of its shaders, or one of them was found to be wrong. */
  readonly failure: PlanExecutor['rejection'];
  readonly newShaders: readonly NewShader[];
  readonly sharedShaders: number;
  /** Milliseconds that making it ready took while it was compiled. */
  preparingMs: number;
  /** Bytes that it holds between runs. */
  readonly bytes: number;
}

export class BackendRuntime {
  /** Plans compiled while {@link ahead} collects them; null at other times. */
  private collected: CollectedPlan[] | null = null;
  /** Whether what is collected may be compiled once more. */
  private isTuning = false;
  /** Whether plans whose shaders are still to be compiled give outputs without computing them. */
  private isRehearsal = false;

  assertAlive(): void {
    activeBackend().assertAlive();
  }

  /** @throws RefusedError if a kernel of the graph cannot be computed by a plan. */
  compile(graph: Graph, label: string, anySize?: boolean): ReadyPlan {
    return runSteps(this.compileSteps(graph, label, anySize));
  }

  *compileSteps(graph: Graph, label: string, anySize = false): Steps<ReadyPlan> {
    const source = this.isTuning ? copyGraph(graph) : null;
    const backend = activeBackend();
    const executor = yield* compile(backend, graph, label, anySize);
    const ready: ReadyPlan = {
      record: executor.plan.record,
      ...countShaders(backend, executor.plan),
      executor,
      preparingMs: 0,
      isPrepared: false,
      get bytes() {
        return this.executor.ownBytes;
      },
      get failure() {
        return this.executor.rejection ?? this.executor.failure;
      },
    };
    if (this.collected) this.collected.push({ ready, source, anySize });
    else {
      const start = performance.now();
      prepare(ready);
      ready.preparingMs = performance.now() - start;
    }
    return ready;
  }

  run(plan: ReadyPlan, inputs: readonly TensorInfo[]): TensorInfo[] {
    if (!plan.isPrepared && this.isRehearsal) return plan.executor.outline(inputs);
    if (!plan.isPrepared) prepare(plan);
    return plan.executor.run(inputs);
  }

  async together<T>(run: () => Promise<T>): Promise<T> {
    const backend = activeBackend();
    backend.holders++;
    try {
      const result = await run();
      if (!backend.isLost) backend.runPending();
      return result;
    } finally {
      if (--backend.holders === 0 && !backend.isLost) submitAll(backend);
    }
  }

  tunes(asked = flag('WEBGPU_FUSED_TUNE')): boolean {
    return asked;
  }

  async ahead(
    work: () => Promise<void>,
    onProgress: AheadProgress,
    onTuned: AheadProgress | null,
  ): Promise<AheadMeter & { readonly tuned: number }> {
    const plans = (this.collected = [] as CollectedPlan[]);
    this.isTuning = onTuned !== null;
    try {
      await work();
    } finally {
      this.collected = null;
      this.isTuning = false;
    }
    const waiting = plans.filter(({ ready }) => !ready.isPrepared);
    const tuning = onTuned && (await tune(waiting, onTuned));
    const executors = waiting.map(({ ready }) => ready.executor);
    const report = await compileAhead(activeBackend(), executors, onProgress);
    const note = (ms: number): void => {
      report.longestTaskMs = Math.max(report.longestTaskMs, ms);
    };
    for (const { ready } of waiting) {
      await takeTurns(ready.executor.uploadSteps(), note);
      report.task(() => prepare(ready));
      await nextTask();
    }
    const longestTaskMs = Math.max(report.longestTaskMs, tuning?.longestTaskMs ?? 0);
    return { ...report, longestTaskMs, tuned: tuning?.measured ?? 0 };
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

  frameOf(tensor: TensorInfo): FrameSpec | undefined {
    return activeBackend().frameOf(tensor.dataId);
  }

  hostValues(tensor: TensorInfo): HostData | undefined {
    const { values } = tensorData(activeBackend(), tensor.dataId);
    return ArrayBuffer.isView(values) ? (values as HostData) : undefined;
  }

  areOnHost(tensors: readonly TensorInfo[]): boolean {
    return activeBackend().shouldExecuteOnCPU([...tensors]);
  }
}

/** A plan that waits with its shaders, and the graph that it was compiled of, if it is to be tuned. */
interface CollectedPlan {
  readonly ready: ReadyPlan;
  readonly source: Graph | null;
  readonly anySize: boolean;
}

/** Compiles a graph to a plan that waits with its shaders. */
function* compile(
  backend: WebGPUFusedBackend,
  graph: Graph,
  label: string,
  anySize: boolean,
): Steps<PlanExecutor> {
  const trace = flag('WEBGPU_FUSED_DEBUG') >= 4 ? logRule : undefined;
  const reject: RejectNodes = (nodes, reason) => (executor.rejection = { nodes, reason });
  const plan = yield* compileAuditedSteps(backend, graph, label, reject, { trace, anySize });
  logPlan(plan, flag('WEBGPU_FUSED_DEBUG'));
  const executor = new PlanExecutor(backend, plan, true);
  return executor;
}

/** Which shaders of a plan need pipelines of their own, each text once. */
function countShaders(
  { pipelines }: WebGPUFusedBackend,
  plan: Plan,
): Pick<ReadyPlan, 'newShaders' | 'sharedShaders'> {
  const dispatches = [...(plan.prelude?.plan.dispatches ?? []), ...plan.dispatches];
  const byCode = new Map(dispatches.map(({ program }) => [codeOf(program), program]));
  const missing = [...byCode.values()].filter((program) => pipelines.isMissing(program));
  const newShaders = missing.map(({ title, bindings }) => ({
    label: title,
    shapes: bindings.map(({ value }) => value.shape),
  }));
  return { newShaders, sharedShaders: byCode.size - missing.length };
}

/** Measures the choices of plans, and compiles those anew of which another choice is better. */
async function tune(
  collected: readonly CollectedPlan[],
  onProgress: AheadProgress,
): Promise<TuningReport> {
  const backend = activeBackend();
  await recallTuning(backend.tuning);
  const plans = collected.map(({ ready }) => ready.executor.plan);
  const report = await tunePlans(backend, plans, onProgress);
  if (report.measured > 0) await saveTuning(backend.tuning.toJSON());
  for (const { ready, source, anySize } of collected) {
    const { plan } = ready.executor;
    const isStale = plan.choices.some(
      ({ choice, isTuned }) => !isTuned && backend.tuning.find(choice) !== undefined,
    );
    if (!source || !isStale) continue;
    const tuned = compileAgain(source, plan.label, anySize);
    if (!tuned) continue;
    ready.executor.dispose();
    ready.executor = tuned;
    ready.record = tuned.plan.record;
  }
  return report;
}

/** The plan with tuned kernels; null where a graph that could be compiled by the table cannot be so. */
function compileAgain(graph: Graph, label: string, anySize: boolean): PlanExecutor | null {
  try {
    return runSteps(compile(activeBackend(), graph, label, anySize));
  } catch (error) {
    if (error instanceof RefusedError) return null;
    throw error;
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
