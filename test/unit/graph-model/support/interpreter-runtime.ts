import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { CompiledPlan, PlanRuntime } from '../../../../src/graph-model';
import type { Graph, HostData } from '../../../../src/ir/graph';
import { interpret } from '../../../support/ir-interpreter';

interface InterpretedPlan extends CompiledPlan {
  readonly graph: Graph;
  readonly label: string;
}

/** Runs plans by interpreting them, and remembers what was asked of it. */
export class InterpreterRuntime implements PlanRuntime {
  readonly compiled: InterpretedPlan[] = [];
  readonly disposed: CompiledPlan[] = [];
  runs = 0;
  /** Why nothing is replayed. */
  obstacle: string | null = null;
  /** Called before a graph is accepted; throws to refuse it. */
  check: (graph: Graph) => void = () => undefined;

  compile(graph: Graph, label: string): CompiledPlan {
    this.check(graph);
    const kernels = graph.nodes.map(({ kernel, origins }) => ({
      label: kernel,
      family: 'interpreted',
      origins,
      bytes: 0,
      wgsl: '',
      workgroups: [],
      parts: [],
      reads: [],
      writes: [],
    }));
    const record = {
      kernels,
      values: [],
      rewrites: [],
      rules: [],
      text: { written: 0, found: 0, characters: 0 },
      refused: [],
      dispatches: kernels.length,
      bytes: 0,
      memory: { slabs: [], allocated: 0, lowerBound: 0, unshared: 0 },
      capture: { kept: 0, rebound: 0, submits: 0 },
    };
    const plan = { graph, label, record };
    this.compiled.push(plan);
    return plan;
  }

  run(plan: CompiledPlan, inputs: readonly TensorInfo[]): TensorInfo[] {
    if (this.disposed.includes(plan)) throw new Error('the plan was disposed');
    this.runs++;
    return interpret((plan as InterpretedPlan).graph, inputs as Tensor[]);
  }

  replayObstacle(): string | null {
    return this.obstacle;
  }

  dispose(plan: CompiledPlan): void {
    this.disposed.push(plan);
  }

  hostValues(tensor: TensorInfo): HostData | undefined {
    return (tensor as Tensor).dataSync<'float32'>();
  }

  /** Kernels of all plans compiled so far. */
  get kernels(): string[] {
    return this.compiled.flatMap(({ graph }) => graph.nodes.map((node) => node.kernel));
  }
}
