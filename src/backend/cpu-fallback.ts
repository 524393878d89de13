/**
 * Kernels that tfjs's `cpu` backend has and WebGPU lacks (string and ragged kernels, Unique, …) run
 * there: operands are read back, results uploaded when somebody needs them.
 */
import {
  findBackend,
  getKernelsForBackend,
  registerKernel,
  type KernelConfig,
  type KernelFunc,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import type { WebGPUFusedBackend } from './backend';

/** Registers for `backendName` every kernel of `cpu` that it lacks; returns their names. */
export function registerCpuFallbacks(backendName: string): string[] {
  const own = new Set(getKernelsForBackend(backendName).map(({ kernelName }) => kernelName));
  const missing = getKernelsForBackend('cpu').filter(({ kernelName }) => !own.has(kernelName));
  for (const config of missing) {
    registerKernel({
      kernelName: config.kernelName,
      backendName,
      kernelFunc: runOnCpu(config),
    });
  }
  return missing.map(({ kernelName }) => kernelName);
}

function runOnCpu({ kernelName, kernelFunc }: KernelConfig): KernelFunc {
  return ({ inputs, backend, attrs }) => {
    const cpu = findBackend('cpu') as MathBackendCPU | null;
    if (!cpu) {
      throw new Error(
        `[webgpu-fused] ${kernelName}: got no cpu backend, and WebGPU has no such kernel. ` +
          "Import '@tensorflow/tfjs-backend-cpu'.",
      );
    }
    const source = backend as WebGPUFusedBackend;
    const made: TensorInfo[] = [];
    const toCpu = (info: TensorInfo): TensorInfo => {
      const values = source.readSync(info.dataId);
      const copy = { ...info, dataId: cpu.write(values, info.shape, info.dtype) };
      made.push(copy);
      return copy;
    };
    const operands = Object.fromEntries(
      Object.entries(inputs as Record<string, TensorInfo | TensorInfo[] | undefined>).map(
        ([name, value]) => [name, Array.isArray(value) ? value.map(toCpu) : value && toCpu(value)],
      ),
    );
    const results = kernelFunc({ inputs: operands as never, backend: cpu, attrs });
    const list = Array.isArray(results) ? results : [results];
    const outputs = list.map(({ dataId, shape, dtype }) => ({
      dataId: source.write(cpu.readSync(dataId), shape, dtype),
      shape,
      dtype,
    }));
    for (const { dataId } of [...made, ...list]) cpu.disposeData(dataId, true);
    return Array.isArray(results) ? outputs : outputs[0];
  };
}
