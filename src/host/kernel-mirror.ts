/**
 * Kernels that an app registers for `webgpu`, before this package is imported or after, are kernels
 * of this backend too: its tensors are WebGPU tensors.
 */
import {
  copyRegisteredKernels,
  getKernel,
  getKernelsForBackend,
  registerKernel,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { kernelRegistry } from './internals';

const SOURCE = 'webgpu';

/** Set while kernels are written under the name of `webgpu` that are ours already. */
let isReplacing = false;

/** Copies the kernels of `webgpu` to `backendName`, and from now on those that are added. */
export function mirrorKernels(backendName: string): void {
  if (getKernelsForBackend(backendName).length > 0) return;
  copyRegisteredKernels(SOURCE, backendName);
  const registry = kernelRegistry();
  if (!registry) return;
  const set = registry.set.bind(registry);
  registry.set = (key, config) => {
    set(key, config);
    if (config.backendName !== SOURCE || isReplacing) return registry;
    if (registry.has(`${backendName}_${config.kernelName}`)) {
      unregisterKernel(config.kernelName, backendName);
    }
    registerKernel({ ...config, backendName });
    return registry;
  };
}

/** Makes the kernels of one backend those of another, in place of what that one has. */
export function replaceKernels(from: string, to: string): void {
  isReplacing = true;
  try {
    for (const config of getKernelsForBackend(from)) {
      if (getKernel(config.kernelName, to)) unregisterKernel(config.kernelName, to);
      registerKernel({ ...config, backendName: to });
    }
  } finally {
    isReplacing = false;
  }
}
