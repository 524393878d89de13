import { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import { fuseGraph, type FusedGraph } from '../../../src/patterns/fuser';
import { fusionTables } from '../../../src/registry/kernels';
import type { KernelTarget } from '../../../src/fused-kernels/target';
import { softwareTarget } from '../fused-kernels/target';

/** What the fuser decided, as text. */
export interface Decisions {
  /** One entry a dispatch, in the order they run. */
  readonly groups: string[];
  /** `rule: reason`, in the order they were given. */
  readonly refusals: string[];
  readonly fused: FusedGraph;
}

export function fuse(
  build: (b: GraphBuilder) => Value | readonly Value[],
  maxStorageBuffers = 8,
  limits: Partial<KernelTarget> = {},
): Decisions {
  const b = new GraphBuilder();
  b.graph.outputs = [build(b)].flat();
  const fused = fuseGraph(
    b.graph,
    fusionTables({ ...softwareTarget, maxStorageBuffers, ...limits }),
  );
  return {
    fused,
    groups: fused.groups.map(({ members }) => members.map(({ kernel }) => kernel).join(' → ')),
    refusals: fused.refusals.map(({ rule, reason }) => `${rule}: ${reason}`),
  };
}

export const float = (b: GraphBuilder, ...shape: number[]): Value =>
  b.input({ shape, dtype: 'float32' });

/** A pointwise convolution with weights of its own. */
export function conv(b: GraphBuilder, x: Value, channels: number): Value {
  const filter = float(b, 1, 1, x.shape[3], channels);
  const pad = { top: 0, bottom: 0, left: 0, right: 0 };
  return b.op('Conv2D', [x, filter], { strides: [1, 1], dilations: [1, 1], pad });
}
