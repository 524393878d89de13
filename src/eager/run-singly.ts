/** Runs waiting invocations with stock's kernels, one by one, where there is no plan for them. */
import {
  engine,
  getKernel,
  type KernelFunc,
  type NamedAttrMap,
  type NamedTensorInfoMap,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { PlanDevice } from '../runtime/plan-device';
import { cpuFallback, stockOrCpu } from '../host/cpu-fallback';
import { internalsOf, tensorData } from '../host/internals';
import { isAlive } from './assemble';
import { withCount } from './counted';
import { isComposed, type ComposedKernel } from './kernels';
import type { LazyData, Invocation } from './pending';

/**
 * Runs the living among `invocations` and gives their outputs values.
 *
 * @param runAlone runs one by a plan of its own, if it can: for what stock would get wrong.
 */
export function runSingly(
  backend: PlanDevice,
  invocations: readonly Invocation[],
  runAlone: (invocation: Invocation) => boolean,
): void {
  for (const invocation of invocations) {
    if (!isAlive(invocation)) continue;
    if (invocation.signature.isUnsound && runAlone(invocation)) continue;
    const { kernel, attrs } = invocation.signature;
    if (isComposed(kernel)) {
      compose(backend, invocation, kernel);
      continue;
    }
    const run = stockKernel(kernel.kernel);
    const inputs = operandsOf(invocation);
    try {
      const made = run({ inputs, attrs: attrs as NamedAttrMap, backend });
      const answered = Array.isArray(made) ? made : [made];
      const form = kernel.counted?.(attrs);
      const infos = form
        ? withCount(backend, answered, invocation.signature.outputs, form)
        : answered;
      infos.forEach((info, at) => adopt(backend, info, invocation.outputs[at]));
    } catch (error) {
      // Whoever called it has gone on: who reads the result is told, and the others run.
      const reason = `${kernel.kernel} failed: ${(error as Error).message}`;
      const outputs = invocation.outputs.map(({ lazy }) => lazy);
      backend.validation.fail(outputs, { kind: 'kernel', reason, nodes: [] });
    }
  }
}

/** The kernel of stock's WebGPU, or of `cpu` where WebGPU lacks it. */
function stockKernel(name: string): KernelFunc {
  const stock = getKernel(name, 'webgpu')?.kernelFunc;
  const run = stock ? stockOrCpu(name, stock) : cpuFallback(name);
  if (!run) throw new Error(`[webgpu-fused] ${name}: got no such kernel of tfjs's to run.`);
  return run;
}

function operandsOf({ signature, inputs }: Invocation): NamedTensorInfoMap {
  const infos = inputs.map((data, at) => {
    const spec = signature.inputs[at];
    return data && spec && { dataId: data.lazy.dataId, shape: [...spec.shape], dtype: spec.dtype };
  });
  const { inputs: names } = signature.kernel;
  // tfjs's kernels of many inputs take an array, whatever the type says.
  if (!names) return infos as unknown as NamedTensorInfoMap;
  return Object.fromEntries(names.map((name, at) => [name, infos[at]]));
}

/** Computes with tfjs's ops, as no app called them: off the tape. */
function compose(backend: PlanDevice, invocation: Invocation, kernel: ComposedKernel): void {
  const { state } = engine();
  state.kernelDepth++;
  try {
    const results = engine().tidy(() => {
      const operands = invocation.inputs.map((data, at) => {
        const spec = invocation.signature.inputs[at];
        if (!data || !spec) return undefined;
        const { dataId } = data.lazy;
        backend.incRef(dataId);
        return engine().makeTensorFromTensorInfo({
          dataId,
          shape: [...spec.shape],
          dtype: spec.dtype,
        });
      });
      return kernel.compose(operands, invocation.signature.attrs);
    });
    // Only now are they nobody else's: a reshape shares its data with what it was made of.
    results.forEach((result, at) => adopt(backend, result, invocation.outputs[at]));
    for (const result of results) result.dispose();
  } finally {
    state.kernelDepth--;
  }
}

/** Moves what stock computed into the data that was promised. */
function adopt(backend: PlanDevice, info: TensorInfo, promised: LazyData): void {
  const computed = tensorData(backend, info.dataId);
  if (computed.refCount !== 1) {
    throw new Error(
      '[webgpu-fused] a stock kernel answered with its input; it cannot be deferred.',
    );
  }
  promised.lazy.invocation = null;
  promised.values = computed.values;
  promised.resource = computed.resource;
  promised.dtype = computed.dtype;
  const owned = internalsOf(backend).commandQueueOwnedIds;
  if (owned.has(info.dataId)) owned.add(promised.lazy.dataId);
  backend.validation.track([promised.lazy], [info]);
  computed.resource = null;
  backend.tensorMap.delete(info.dataId);
}
