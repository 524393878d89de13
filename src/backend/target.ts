/** The one place where kernels are chosen by the kind of adapter. */
import type { KernelTarget } from '../fused-kernels/kernel';

export type AdapterClass = 'software' | 'gpu';

/** Adapters that run shaders on the processor: lavapipe (llvmpipe), SwiftShader, WARP. */
const SOFTWARE = /llvmpipe|lavapipe|swiftshader|software|basic render|warp/i;

export function classifyAdapter(info: GPUAdapterInfo | undefined): AdapterClass {
  if (!info) return 'gpu';
  const text = [info.vendor, info.architecture, info.device, info.description].join(' ');
  return SOFTWARE.test(text) ? 'software' : 'gpu';
}

/**
 * What kernels choose by. A software adapter has a few threads, each of which likes much work and
 * many registers' worth of reuse; a GPU wants tens of thousands of invocations.
 */
const byClass: Readonly<
  Record<
    AdapterClass,
    Pick<
      KernelTarget,
      | 'busyInvocations'
      | 'maxTile'
      | 'maxSplitRows'
      | 'blockInvocations'
      | 'blockMemory'
      | 'unrolls'
    >
  >
> = {
  software: {
    busyInvocations: 64,
    maxTile: [4, 8],
    maxSplitRows: 0,
    blockInvocations: 8,
    blockMemory: 16384,
    unrolls: false,
  },
  gpu: {
    busyInvocations: 16384,
    maxTile: [4, 8],
    maxSplitRows: 8,
    blockInvocations: 64,
    blockMemory: 4096,
    unrolls: true,
  },
};

export function kernelTarget(device: GPUDevice, adapter: AdapterClass): KernelTarget {
  return {
    ...byClass[adapter],
    maxWorkgroupsPerDimension: device.limits.maxComputeWorkgroupsPerDimension,
    maxStorageBuffers: device.limits.maxStorageBuffersPerShaderStage,
  };
}
