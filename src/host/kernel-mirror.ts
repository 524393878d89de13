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
  type KernelConfig,
} from '@tensorflow/tfjs-core';
import { kernelRegistry } from './internals';

const SOURCE = 'webgpu';

/** Set while kernels are written under the name of `webgpu` that are ours already. */
let isReplacing = false;

/**
 * Copies the kernels of `webgpu` to `backendName`, and from now on those that are added.
 * @returns whether they were copied; false if they were before.
 */
export function mirrorKernels(backendName: string): boolean {
  if (getKernelsForBackend(backendName).length > 0) return false;
  copyRegisteredKernels(SOURCE, backendName);
  const registry = kernelRegistry();
  if (!registry) return true;
  const set = registry.set.bind(registry);
  const follow = follower(backendName, getKernelsForBackend(backendName).length / 2);
  registry.set = (key, config) => {
    set(key, config);
    if (config.backendName === SOURCE && !isReplacing) follow(config);
    return registry;
  };
  return true;
}

/**
 * Takes over kernels that are registered for `webgpu`. An app that registers some means these. Where
 * most are registered anew in one task, another copy of `tfjs-backend-webgpu` is being loaded, as part
 * of a library: its kernels are stock's, and ours stay.
 *
 * @param many how many kernels replaced in one task are a copy of stock's.
 */
function follower(backendName: string, many: number): (config: KernelConfig) => void {
  /** Kernels of ours that were replaced in this task. */
  const replaced = new Map<string, KernelConfig>();
  let isCopy = false;
  let hasWarned = false;
  const take = (config: KernelConfig): void => {
    if (getKernel(config.kernelName, backendName)) {
      unregisterKernel(config.kernelName, backendName);
    }
    registerKernel({ ...config, backendName });
  };
  return (config) => {
    const own = getKernel(config.kernelName, backendName);
    if (own && !replaced.has(config.kernelName)) {
      if (replaced.size === 0) {
        queueMicrotask(() => {
          replaced.clear();
          isCopy = false;
        });
      }
      replaced.set(config.kernelName, own);
    }
    if (own && isCopy) return;
    take(config);
    if (replaced.size < many || isCopy) return;
    isCopy = true;
    for (const kernel of replaced.values()) take(kernel);
    if (hasWarned) return;
    hasWarned = true;
    console.warn(
      '[webgpu-fused] kernels: got those of webgpu once more, from another copy of ' +
        'tfjs-backend-webgpu; needs them once. Fused kernels stay in place; load one copy to spare ' +
        'the other.',
    );
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
