/** The table from anchor kernel to the family that generates it. */
import { fusedKernels } from '../fused-kernels/index';
import { inlineRules } from '../fused-kernels/inline/index';
import type { FusedKernel } from '../fused-kernels/kernel';
import { mapKernel } from '../fused-kernels/map';
import type { FusionTables } from '../patterns/fuser/index';

const byAnchor = new Map<string, FusedKernel>(
  fusedKernels.flatMap((kernel) => kernel.anchors.map((anchor) => [anchor, kernel] as const)),
);

/** The family that computes an anchor; anything else runs as a plain loop. */
export function kernelFor(anchor: string): FusedKernel {
  return byAnchor.get(anchor) ?? mapKernel;
}

/** What the general fuser needs to know of the kernels. */
export function fusionTables(maxStorageBuffers: number): FusionTables {
  return {
    anchor: (kernel) => byAnchor.get(kernel),
    isInline: (kernel) => inlineRules.has(kernel),
    maxStorageBuffers,
  };
}
