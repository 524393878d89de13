/**
 * Kernels that an app registers for `webgpu`, before this package is imported or after, are kernels
 * of this backend too: its tensors are WebGPU tensors.
 */
import { copyRegisteredKernels, registerKernel, unregisterKernel } from '@tensorflow/tfjs-core';
import { kernelRegistry } from './host';

const SOURCE = 'webgpu';

/** Copies the kernels of `webgpu` to `backendName`, and from now on those that are added. */
export function mirrorKernels(backendName: string): void {
  copyRegisteredKernels(SOURCE, backendName);
  const registry = kernelRegistry();
  if (!registry) return;
  const set = registry.set.bind(registry);
  registry.set = (key, config) => {
    set(key, config);
    if (config.backendName !== SOURCE) return registry;
    if (registry.has(`${backendName}_${config.kernelName}`)) {
      unregisterKernel(config.kernelName, backendName);
    }
    registerKernel({ ...config, backendName });
    return registry;
  };
}
