/**
 * Calls that stock's kernels get wrong, said by calls that they get right. The elements stay on the device, where
 * `cpu` would have them read back while the app waits.
 */
import {
  getKernel,
  type KernelFunc,
  type NamedAttrMap,
  type NamedTensorInfoMap,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';

type KernelCall = Parameters<KernelFunc>[0];

/** Runs a kernel of stock's. */
type RunStock = (kernel: string, inputs: NamedTensorInfoMap, attrs?: NamedAttrMap) => TensorInfo;

/** Truth values are added and stored as integers. `updates`: the name of the operand that decides the type. */
const asIntegers =
  (kernel: string, updates: string) =>
  ({ inputs, attrs }: KernelCall, run: RunStock): TensorInfo => {
    const given = inputs as Record<string, TensorInfo>;
    const whole = Object.entries(given).map(([name, x]): [string, TensorInfo] => [
      name,
      x.dtype === 'bool' ? run('Cast', { x }, { dtype: 'int32' }) : x,
    ]);
    const result = run(kernel, Object.fromEntries(whole), attrs);
    return given[updates].dtype === 'bool' ? run('Cast', { x: result }, { dtype: 'bool' }) : result;
  };

const MENDED: Readonly<Record<string, (call: KernelCall, run: RunStock) => TensorInfo>> = {
  ScatterNd: asIntegers('ScatterNd', 'updates'),
  SparseToDense: asIntegers('SparseToDense', 'sparseValues'),
  /** The one transformation, once for each image. */
  Transform({ inputs, attrs }, run) {
    const { image, transforms } = inputs as Record<string, TensorInfo>;
    const each = run('Tile', { x: transforms }, { reps: [image.shape[0], 1] });
    return run('Transform', { image, transforms: each }, attrs);
  },
};

/** Answers a call that stock's kernel would get wrong; null where only `cpu` can. */
export function runMended(kernelName: string, call: KernelCall): TensorInfo | null {
  if (!Object.hasOwn(MENDED, kernelName)) return null;
  const backend = call.backend as WebGPUBackend;
  const made: TensorInfo[] = [];
  const run: RunStock = (name, inputs, attrs = {}) => {
    const { kernelFunc } = getKernel(name, 'webgpu');
    const info = kernelFunc({ inputs, attrs, backend }) as TensorInfo;
    made.push(info);
    return info;
  };
  const result = MENDED[kernelName](call, run);
  for (const { dataId } of made) if (dataId !== result.dataId) backend.disposeData(dataId);
  return result;
}
