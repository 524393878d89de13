import { compilePlan } from '../../../src/backend/plan/compile';
import { GraphBuilder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import { softwareTarget } from './target';

/** The one shader of a graph. A tile of one row and four columns keeps it short. */
export function shaderOf(build: (b: GraphBuilder) => Value): string {
  const b = new GraphBuilder();
  b.graph.outputs = [build(b)];
  const { dispatches } = compilePlan(b.graph, { ...softwareTarget, maxTile: [1, 4] }, 'golden');
  expect(dispatches).toHaveLength(1);
  return dispatches[0].program.wgsl;
}
