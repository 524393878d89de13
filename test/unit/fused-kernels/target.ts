import type { KernelTarget } from '../../../src/fused-kernels/kernel';

/** A fixed target, so that the shaders of these tests do not depend on any device. */
export const softwareTarget: KernelTarget = {
  maxWorkgroupsPerDimension: 65535,
  maxStorageBuffers: 8,
  busyInvocations: 64,
  maxTile: [4, 8],
  maxSplitRows: 0,
  blockInvocations: 8,
  blockMemory: 16384,
  unrolls: false,
};
