/** Sums that several workgroups share: which ones the kernels ask for, and what the rule makes. */
import { compilePlan } from '../../../src/compiler/compile';
import { kernelTarget, type AdapterClass } from '../../../src/fused-kernels/target';
import { GraphBuilder, type GraphBuilder as Builder } from '../../../src/ir/builder';
import type { Value } from '../../../src/ir/graph';
import { defaultFacts } from '../fused-kernels/target';
import { input, product, rewrite } from './rewritten';

/** Kernels of the dispatches that `write` takes on a class of adapter. */
function dispatches(adapter: AdapterClass, write: (b: Builder) => Value): string[] {
  const b = new GraphBuilder();
  b.graph.outputs.push(write(b));
  const plan = compilePlan(b.graph, kernelTarget(defaultFacts, adapter), 'test');
  return plan.dispatches.map(({ label }) => label);
}

const layer =
  (rows: number, depth: number, columns: number) =>
  (b: Builder): Value =>
    b.op('Relu', [product(b, input(b, [rows, depth]), columns)]);

describe('split-depth', () => {
  it('makes a sum of as many parts as it is told, once', () => {
    const { nodes } = rewrite((b) => product(b, input(b, [32, 2048]), 64), { partsOf: () => 8 });
    expect(nodes.map(({ kernel, outputs: [{ shape }] }) => [kernel, shape])).toEqual([
      ['BatchMatMul', [8, 32, 64]],
      ['Sum', [32, 64]],
    ]);
  });

  it.each<[string, AdapterClass, [number, number, number], string[]]>([
    ['long sums of few outputs', 'nvidia', [32, 2048, 2048], ['BatchMatMul', 'Sum → Relu']],
    ['long sums of one row', 'nvidia', [1, 2048, 2048], ['BatchMatMul', 'Sum → Relu']],
    ['not short ones', 'nvidia', [32, 512, 2048], ['BatchMatMul → Relu']],
    ['nor those of many outputs', 'nvidia', [1024, 2048, 1024], ['BatchMatMul → Relu']],
    ['nor any on a processor', 'software', [32, 2048, 2048], ['BatchMatMul → Relu']],
    ['nor any without tiles', 'arm', [32, 2048, 2048], ['BatchMatMul → Relu']],
  ])('divides %s', (_name, adapter, sizes, expected) => {
    expect(dispatches(adapter, layer(...sizes))).toEqual(expected);
  });

  it('adds up batches where they are', () => {
    const write = (b: Builder): Value => {
      const y = b.op('BatchMatMul', [input(b, [2, 32, 4096]), input(b, [2, 4096, 32])], {
        transposeA: false,
        transposeB: false,
      });
      return b.op('Transpose', [y], { perm: [1, 0, 2] });
    };
    const b = new GraphBuilder();
    b.graph.outputs.push(write(b));
    const plan = compilePlan(b.graph, kernelTarget(defaultFacts, 'nvidia'), 'test');
    expect(plan.outputs.map(({ shape }) => shape)).toEqual([[32, 2, 32]]);
    expect(plan.dispatches).toHaveLength(2);
  });
});
