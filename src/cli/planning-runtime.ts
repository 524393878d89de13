/**
 * Compiles the plans of graph models for a device that need not be there. Where only shapes matter, a plan gives
 * zeros; where control flow depends on what it gives, tfjs computes that.
 */
import { engine, zeros, type DataId, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import { compilePlan } from '../compiler/compile';
import type { Plan } from '../compiler/plan';
import type { KernelTarget } from '../fused-kernels/target';
import type { CompiledPlan, PlanRuntime } from '../graph-model';
import type { Graph, HostData } from '../ir/graph';

interface PlannedGraph extends CompiledPlan {
  readonly plan: Plan;
}

/** The backend that models are planned on: it has every kernel, and needs no device. */
export const PLANNING_BACKEND = 'cpu';

export class PlanningRuntime implements PlanRuntime {
  /** What plans gave: of these, a device would not know the elements. */
  private readonly computed = new WeakSet<DataId>();
  /** Whether only shapes matter. */
  private isRehearsal = false;

  constructor(private readonly target: KernelTarget) {}

  compile(graph: Graph, label: string): PlannedGraph {
    const plan = compilePlan(graph, this.target, label);
    return { plan, record: plan.record };
  }

  run(planned: CompiledPlan): TensorInfo[] {
    const { outputs } = (planned as PlannedGraph).plan;
    return outputs.map(({ shape, dtype }) => {
      const result = zeros([...shape], dtype);
      this.computed.add(result.dataId);
      return result;
    });
  }

  standIn<T extends Tensor[] | Promise<Tensor[]>>(compute: () => T): T | undefined {
    if (this.isRehearsal) return undefined;
    const note = (results: Tensor[]): Tensor[] => {
      for (const { dataId } of results) this.computed.add(dataId);
      return results;
    };
    const results = compute();
    return (Array.isArray(results) ? note(results) : results.then(note)) as T;
  }

  rehearse<T>(work: () => T): T {
    this.isRehearsal = true;
    try {
      return work();
    } finally {
      this.isRehearsal = false;
    }
  }

  dispose(): void {
    // Plans hold nothing.
  }

  hostValues({ dataId }: TensorInfo): HostData | undefined {
    if (this.computed.has(dataId)) return undefined;
    const { backend } = engine();
    const { values } = (backend as unknown as CpuBackend).data.get(dataId);
    return ArrayBuffer.isView(values) ? (values as HostData) : undefined;
  }
}

/** Of tfjs's `MathBackendCPU`. */
interface CpuBackend {
  readonly data: { get(dataId: DataId): { readonly values: unknown } };
}
