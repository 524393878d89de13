import { compilePlan } from '../../../src/compiler/compile';
import type { KernelTarget } from '../../../src/fused-kernels/kernel';
import { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import { softwareTarget } from './target';

/** Products of one row and four columns an invocation are short. */
const shortTarget: KernelTarget = { ...softwareTarget, maxTile: [1, 4] };

/** The one shader of a graph. */
export function shaderOf(
  build: (b: GraphBuilder) => Value | readonly Value[],
  target: KernelTarget = shortTarget,
): string {
  const b = new GraphBuilder();
  b.graph.outputs = [build(b)].flat();
  const { dispatches } = compilePlan(b.graph, target, 'golden');
  expect(dispatches).toHaveLength(1);
  return dispatches[0].program.wgsl;
}
