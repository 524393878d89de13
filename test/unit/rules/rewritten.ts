import { GraphBuilder } from '../../../src/ir/builder';
import { removeDeadNodes, type Shape, type Value } from '../../../src/ir/graph';
import { splitConstantPart } from '../../../src/ir/constant-part';
import { minimalTarget, type RuleTarget } from '../../../src/patterns/rule';
import { rewriteGraph } from '../../../src/registry/rules';

/** A weight that only the device knows. */
export const weight = (b: GraphBuilder, shape: Shape): Value =>
  b.constant({ shape, dtype: 'float32' }, { handle: {} });

export const input = (b: GraphBuilder, shape: Shape): Value => b.input({ shape, dtype: 'float32' });

/** `x` times a weight of `columns` columns. */
export function product(b: GraphBuilder, x: Value, columns: number, transposeB = false): Value {
  const depth = x.shape[x.shape.length - 1];
  const ones = x.shape.slice(2).map(() => 1);
  const shape = transposeB ? [columns, depth] : [depth, columns];
  return b.op('BatchMatMul', [x, weight(b, [...ones, ...shape])], {
    transposeA: false,
    transposeB,
  });
}

/** {@link product}, and a bias. */
export function dense(b: GraphBuilder, x: Value, columns: number): Value {
  return b.op('Add', [product(b, x, columns), weight(b, [columns])]);
}

/** What the rules make of a graph: kernels that depend on its inputs, what fired, what did not. */
export function rewrite(
  write: (b: GraphBuilder) => Value | Value[],
  target: Partial<RuleTarget> = {},
) {
  const b = new GraphBuilder();
  b.graph.outputs.push(...[write(b)].flat());
  const { rewrites, refusals } = rewriteGraph(b.graph, { target: { ...minimalTarget, ...target } });
  removeDeadNodes(b.graph);
  splitConstantPart(b.graph);
  return {
    nodes: b.graph.nodes,
    kernels: b.graph.nodes.map(({ kernel }) => kernel),
    fired: rewrites.map(({ rule }) => rule),
    reasons: (rule: string) => refusals.filter((r) => r.rule === rule).map(({ reason }) => reason),
  };
}
