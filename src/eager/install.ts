/** Replaces the backend's copies of stock's kernels by ones that may wait. */
import {
  getKernel,
  getKernelsForBackend,
  registerKernel,
  unregisterKernel,
  type KernelFunc,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { cutToCount } from './counted';
import type { LazyBackend } from './lazy-backend';
import { stockOrCpu, type OwnPlan } from '../host/cpu-fallback';
import { LAUNCHES_NOTHING } from '../lowering/left-to-tfjs';
import { lazyKernels, type ComposedKernel, type LazyKernel } from './kernels';

/** Kernels that run as stock's and are not worth a word in a trace: they launch nothing. */
const FREE: ReadonlySet<string> = new Set([...LAUNCHES_NOTHING, 'Complex', 'Real', 'Imag']);

const lazy = new Map(lazyKernels.map((kernel) => [kernel.kernel, kernel]));

/** Wraps kernels registered for `backendName`: those of the names given, or all. */
export function installLazyKernels(backendName: string, names?: readonly string[]): void {
  for (const config of getKernelsForBackend(backendName)) {
    const { kernelName, kernelFunc } = config;
    if (FREE.has(kernelName) || names?.includes(kernelName) === false) continue;
    const kernel = lazy.get(kernelName);
    const stock = stockOrCpu(kernelName, kernelFunc, kernel && alone(kernel));
    unregisterKernel(kernelName, backendName);
    registerKernel({
      ...config,
      kernelFunc: !kernel
        ? atOnce(kernelName, stock)
        : kernel.counted
          ? counted(kernel, stock, backendName)
          : queued(kernel, stock),
    });
  }
}

/**
 * Adds a kernel of our own to a backend: queued as others, run by a plan of its own where nothing
 * is queued, and composed where it has none.
 */
export function registerComposedKernel(kernel: ComposedKernel, backendName: string): void {
  const kernelName = kernel.kernel;
  if (getKernel(kernelName, backendName)) return;
  const kernelFunc: KernelFunc = ({ inputs, attrs = {}, backend }) => {
    const { lazy } = backend as LazyBackend;
    const infos = lazy.enqueue(kernel, inputs, attrs) ?? lazy.runAlone(kernel, inputs, attrs);
    // The engine passes tensors, and takes them, too.
    const given = inputs as unknown as Readonly<Record<string, Tensor>>;
    return (
      infos ??
      kernel.compose(kernel.inputs?.map((name) => given[name]) ?? Object.values(given), attrs)
    );
  };
  registerKernel({ kernelName, backendName, kernelFunc });
}

/** Runs a call by a plan of its own, whatever waits, and whether or not kernels may wait. */
function alone(kernel: LazyKernel): OwnPlan {
  return ({ inputs, attrs, backend }) => {
    const infos = (backend as LazyBackend).lazy.runAlone(kernel, inputs, attrs);
    return infos && !kernel.hasManyOutputs ? infos[0] : infos;
  };
}

function queued(kernel: LazyKernel, stock: KernelFunc): KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const infos = (backend as LazyBackend).lazy.enqueue(kernel, inputs, attrs);
    if (!infos) return stock({ inputs, attrs, backend });
    return kernel.hasManyOutputs ? infos : infos[0];
  };
}

/** A kernel of which some outputs have a length that depends on values: stock would read its operands back. */
function counted(kernel: LazyKernel, stock: KernelFunc, backendName: string): KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const host = backend as LazyBackend;
    const { lazy } = host;
    const infos = lazy.enqueue(kernel, inputs, attrs) ?? lazy.runAlone(kernel, inputs, attrs);
    if (!infos) return stock({ inputs, attrs, backend });
    const form = kernel.counted?.(attrs ?? {}) ?? null;
    const outputs = form ? cutToCount(host, backendName, infos, form) : infos;
    return kernel.hasManyOutputs ? outputs : outputs[0];
  };
}

function atOnce(name: string, stock: KernelFunc): KernelFunc {
  return ({ inputs, attrs, backend }) => {
    (backend as LazyBackend).lazy.runsAtOnce(name);
    return stock({ inputs, attrs: attrs, backend });
  };
}
