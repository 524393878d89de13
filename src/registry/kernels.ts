/** The table from anchor kernel to the family that generates it. */
import { fusedKernels } from '../fused-kernels/index';
import { inlineRules } from '../fused-kernels/inline/index';
import type { FusedKernel, KernelTarget } from '../fused-kernels/kernel';
import { mapKernel } from '../fused-kernels/map';
import type { Node } from '../ir/graph';
import type { AnchorFacts, FusionTables } from '../patterns/fuser/index';

const byAnchor = new Map<string, FusedKernel>(
  fusedKernels.flatMap((kernel) => kernel.anchors.map((anchor) => [anchor, kernel] as const)),
);

/** The family that computes an anchor; anything else runs as a plain loop. */
export function kernelFor(anchor: string): FusedKernel {
  return byAnchor.get(anchor) ?? mapKernel;
}

/** A number of a node and one of its inputs, which is asked for again and again. */
function remembered(find: AnchorFacts['reuse']): AnchorFacts['reuse'] {
  const known = new WeakMap<Node, number[]>();
  return (node, index) => {
    const ofNode = known.get(node) ?? [];
    known.set(node, ofNode);
    return (ofNode[index] ??= find(node, index));
  };
}

const tablesOf = new WeakMap<KernelTarget, FusionTables>();

/** What the general fuser needs to know of the kernels, as they run on `target`; the same for the same target. */
export function fusionTables(target: KernelTarget): FusionTables {
  let tables = tablesOf.get(target);
  if (!tables) tablesOf.set(target, (tables = makeTables(target)));
  return tables;
}

function makeTables(target: KernelTarget): FusionTables {
  const factsOf = new Map(
    [...byAnchor].map(([anchor, kernel]): [string, AnchorFacts] => [
      anchor,
      { ...kernel, reuse: remembered((node, index) => kernel.reuse(node, index, target)) },
    ]),
  );
  return {
    anchor: (kernel) => factsOf.get(kernel),
    isInline: (kernel) => inlineRules.has(kernel),
    maxStorageBuffers: target.maxStorageBuffers,
    maxBindingBytes: target.maxBindingBytes,
  };
}

/** Into how many parts the sums of an anchor are to be divided on `target`. */
export function partsOf(node: Node, target: KernelTarget): number {
  return kernelFor(node.kernel).parts?.(node, target) ?? 1;
}
