/** Outputs whose length depends on values: computed as long as they can be, and cut once their count is known. */
import { getKernel, type TensorInfo } from '@tensorflow/tfjs-core';
import type { ValueSpec } from '../ir/graph';
import { sizeOf } from '../ir/graph';
import type { Counted } from '../lowering/lowering';
import type { PlanDevice } from '../runtime/plan-device';

/**
 * Waits for the count, the last of `infos` and all that is read, and gives the outputs of the kernel. As
 * with stock's kernels of this kind, the caller is kept waiting: a kernel has to say its shapes at once.
 */
export function cutToCount(
  backend: PlanDevice,
  backendName: string,
  infos: readonly TensorInfo[],
  { outputs, keepsCount }: Counted,
): TensorInfo[] {
  const last = infos.length - 1;
  const [count] = backend.readSync(infos[last].dataId) as Int32Array;
  const slice = getKernel('Slice', backendName).kernelFunc;
  if (!keepsCount) backend.disposeData(infos[last].dataId);
  return infos.slice(0, keepsCount ? undefined : last).map((x, at) => {
    if (at >= outputs || x.shape[0] === count) return x;
    const { shape } = x;
    const attrs = { begin: shape.map(() => 0), size: [count, ...shape.slice(1)] };
    const cut = slice({ inputs: { x }, attrs, backend }) as TensorInfo;
    backend.disposeData(x.dataId);
    return cut;
  });
}

/** What stock's kernel answered, in the form of the lowering: as long as its outputs could be, and their count. */
export function withCount(
  backend: PlanDevice,
  infos: readonly TensorInfo[],
  specs: readonly ValueSpec[],
  { outputs, keepsCount }: Counted,
): TensorInfo[] {
  const [count] = infos[0].shape;
  const full = infos.map((x, at) => {
    const { shape, dtype } = specs[at];
    if (at >= outputs || count === shape[0]) return x;
    const elements = new (dtype === 'float32' ? Float32Array : Int32Array)(sizeOf(shape));
    elements.set(backend.readSync(x.dataId) as Int32Array);
    backend.disposeData(x.dataId);
    return backend.makeTensorInfo([...shape], dtype, elements);
  });
  return keepsCount ? full : [...full, backend.makeTensorInfo([], 'int32', Int32Array.of(count))];
}
