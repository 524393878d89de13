import { type DeviceFacts, kernelTarget } from '../../../src/fused-kernels/target';

/** The limits that every WebGPU device has, so that shaders do not depend on the one at hand. */
export const defaultFacts: DeviceFacts = {
  maxWorkgroupsPerDimension: 65535,
  maxStorageBuffers: 8,
  maxBindingBytes: 2 ** 27,
  maxInvocations: 256,
  maxWorkgroupMemory: 16384,
  subgroupSizes: null,
};

export const softwareTarget = kernelTarget(defaultFacts, 'software');
export const gpuTarget = kernelTarget(defaultFacts, 'nvidia');
