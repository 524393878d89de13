/** A stream made ready to run: compiled, with what a trace says about it. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { InvocationRecord, PlanRecord } from '../report/record';
import type { RejectNodes } from '../runtime/plan-auditor';
import type { PlanDevice } from '../runtime/plan-device';
import { compileAudited } from '../runtime/compile-audited';
import { PlanExecutor } from '../runtime/executor';
import { RefusedError } from '../ir/infer/refused';
import { assemble, positionOf, type Assembled, type Wiring } from './assemble';
import type { Stream } from './stream';

export interface Variant {
  /** Null where compiling failed: then the kernels run one by one. */
  readonly executor: PlanExecutor | null;
  readonly wiring: Wiring;
  /** What its flushes have in common. */
  readonly summary: PlanSummary;
  /** How often it has run. */
  runs: number;
}

export interface PlanSummary {
  readonly invocations: readonly InvocationRecord[];
  /** Absent where compiling failed. */
  readonly record?: PlanRecord;
}

/**
 * @param anySize whether streams like this one come with other sizes, which shaders are to serve too.
 * @param fixed positions of the externals whose values will not change.
 */
export function makeVariant(
  backend: PlanDevice,
  stream: Stream,
  anySize: boolean,
  fixed: ReadonlySet<number> = new Set(),
): Variant {
  const assembled = assemble(stream, fixed);
  const signatures = stream.invocations.map(({ signature }) => signature);
  const executor = compile(backend, assembled, anySize, (nodes, reason) => {
    if (executor && nodes.length === 0) executor.rejection = { nodes, reason };
    for (const node of nodes) signatures[positionOf(node)].refusal = reason;
  });
  const { invocations, wiring } = assembled;
  const summary = { invocations, record: executor?.plan.record };
  return { executor, wiring, summary, runs: 0 };
}

/** A compiler that fails costs speed, never an answer: null, and stock runs the kernels. */
function compile(
  backend: PlanDevice,
  { graph, invocations }: Assembled,
  anySize: boolean,
  reject: RejectNodes,
): PlanExecutor | null {
  try {
    return new PlanExecutor(
      backend,
      compileAudited(backend, graph, `lazy ${invocations.length}`, reject, { anySize }),
    );
  } catch (error) {
    if (!(error instanceof RefusedError)) {
      const stack = error instanceof Error ? error.stack : String(error);
      console.warn(
        `[webgpu-fused] compiling ${invocations.length} kernels failed; they run one by one instead. ` +
          `Please report this: ${stack}`,
      );
    }
    return null;
  }
}

/** Computes what the engine still refers to of a stream that the variant was made for. */
export function runVariant(
  backend: PlanDevice,
  { invocations, externals }: Stream,
  variant: Variant,
  executor: PlanExecutor,
): void {
  const { wiring } = variant;
  const inputs = wiring.externals.map((at): TensorInfo => {
    const { data } = externals[at];
    return { dataId: data.lazy.dataId, shape: data.shape, dtype: data.dtype };
  });
  const packs = wiring.packs.map(({ dtype, externals: members }) => {
    const values = members.map((at) => externals[at].scalar as number);
    const packed = dtype === 'float32' ? Float32Array.from(values) : Int32Array.from(values);
    return backend.makeTensorInfo([values.length], dtype, packed);
  });
  const into = wiring.outputs.map(([invocation, output]): TensorInfo => {
    const data = invocations[invocation].outputs[output];
    data.lazy.invocation = null;
    return { dataId: data.lazy.dataId, shape: data.shape, dtype: data.dtype };
  });
  executor.runInto([...inputs, ...packs], into);
  for (const { dataId } of packs) backend.disposeData(dataId);
}
