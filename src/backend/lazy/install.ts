/** Replaces the backend's copies of stock's kernels by ones that may wait. */
import {
  getKernelsForBackend,
  registerKernel,
  unregisterKernel,
  type KernelFunc,
} from '@tensorflow/tfjs-core';
import type { WebGPUFusedBackend } from '../backend';
import { stringsOnCpu } from '../cpu-fallback';
import { lazyKernels, type LazyKernel } from './kernels';

/** Kernels that launch nothing: they run as stock's, and are not worth a word in a trace. */
const FREE: ReadonlySet<string> = new Set([
  ...['Identity', 'Reshape', 'ExpandDims', 'Complex', 'Real', 'Imag'],
]);

/** Wraps all kernels registered for `backendName`. */
export function installLazyKernels(backendName: string): void {
  const lazy = new Map(lazyKernels.map((kernel) => [kernel.kernel, kernel]));
  for (const config of getKernelsForBackend(backendName)) {
    const { kernelName, kernelFunc } = config;
    if (FREE.has(kernelName)) continue;
    const kernel = lazy.get(kernelName);
    const stock = stringsOnCpu(kernelName, kernelFunc);
    unregisterKernel(kernelName, backendName);
    registerKernel({
      ...config,
      kernelFunc: kernel ? recorded(kernel, stock) : atOnce(kernelName, stock),
    });
  }
}

function recorded(kernel: LazyKernel, stock: KernelFunc): KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const infos = (backend as WebGPUFusedBackend).lazy.record(kernel, inputs, attrs);
    if (!infos) return stock({ inputs, attrs, backend });
    return kernel.hasManyOutputs ? infos : infos[0];
  };
}

function atOnce(name: string, stock: KernelFunc): KernelFunc {
  return ({ inputs, attrs, backend }) => {
    (backend as WebGPUFusedBackend).lazy.runsAtOnce(name);
    return stock({ inputs, attrs: attrs, backend });
  };
}
