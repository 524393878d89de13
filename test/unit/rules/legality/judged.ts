/** Graphs that look like what a rule is for, and are not: whatever becomes of them computes what they did. */
import type { Attrs, Value } from '../../../../src/ir/graph';
import { GraphBuilder } from '../../../../src/ir/builder';
import { faultOf, targetOf } from '../../../fuzz/graphs';

export type Build = (b: GraphBuilder) => Value | Value[];

export const plain: Attrs = { transposeA: false, transposeB: false };

export const product = (b: GraphBuilder, x: Value, w: Value, attrs = {}): Value =>
  b.op('BatchMatMul', [x, w], { ...plain, ...attrs });

export const tanh = (b: GraphBuilder, x: Value): Value => b.op('Tanh', [x]);

export const add = (b: GraphBuilder, x: Value, y: Value): Value => b.op('Add', [x, y]);

/** What rewriting changes of the answers of a graph; null if nothing. */
export function changeOf(build: Build): Promise<string | null> {
  const b = new GraphBuilder();
  b.origins = ['node'];
  b.graph.outputs = [build(b)].flat();
  return faultOf(b.graph, targetOf(0));
}

/** One test for each graph. */
export function computeTheSame(cases: readonly (readonly [name: string, build: Build])[]): void {
  test.each(cases)('%s', async (_name, build) => {
    expect(await changeOf(build)).toBeNull();
  });
}
