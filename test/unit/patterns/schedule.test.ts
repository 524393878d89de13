import fc from 'fast-check';
import type { Node, Value } from '../../../src/ir/graph';
import { findUnsupported, fuseGraph, splitWideConcats } from '../../../src/patterns/fuser';
import { removeDeadNodes } from '../../../src/ir/graph';
import { fusionTables } from '../../../src/registry/kernels';
import { softwareTarget } from '../fused-kernels/target';
import { GraphBuilder } from '../../../src/ir/builder';
import { fuzz } from '../../support/fuzz';
import { printGraph } from '../../support/print-graph';
import { buildRandomGraph, recipes } from '../../support/random-graph';
import { float, conv, fuse } from './fuse';

const tables = fusionTables(softwareTarget);

/** Values that are in memory before a group runs: through what it inlines, it loads no other. */
function unmetNeeds(members: readonly Node[], stored: ReadonlySet<Value>): Value[] {
  const unmet: Value[] = [];
  const seen = new Set<Value>();
  const stack = members.flatMap(({ inputs }) => inputs);
  for (let value = stack.pop(); value; value = stack.pop()) {
    const { producer } = value;
    if (seen.has(value) || !producer || members.includes(producer) || stored.has(value)) continue;
    seen.add(value);
    // An anchor cannot be inlined: its result had to be there.
    if (tables.anchor(producer.kernel)) unmet.push(value);
    stack.push(...producer.inputs);
  }
  return unmet;
}

test('random graphs: every node runs once, after what it needs', () => {
  fc.assert(
    fc.property(recipes(true, 40), (recipe) => {
      const { graph } = buildRandomGraph(recipe, true);
      removeDeadNodes(graph);
      splitWideConcats(graph, 7);
      expect(findUnsupported(graph, tables)).toBeNull();
      const text = printGraph(graph);
      const { groups } = fuseGraph(graph, tables);
      const stored = new Set<Value>();
      const members = new Set<Node>();
      for (const group of groups) {
        for (const node of group.members) {
          if (members.has(node)) throw new Error(`${node.kernel} runs twice\n${text}`);
          members.add(node);
        }
        if (unmetNeeds(group.members, stored).length > 0) throw new Error(`too early\n${text}`);
        for (const value of group.stores) stored.add(value);
      }
      const anchors = graph.nodes.filter(({ kernel }) => tables.anchor(kernel));
      for (const node of anchors) expect(members).toContain(node);
    }),
    fuzz(200),
  );
});

describe('what no kernel computes is named, with a reason', () => {
  test('an unknown kernel', () => {
    const b = new GraphBuilder();
    const x = float(b, 3);
    b.graph.node('FFT', [x], {}, [{ shape: [3], dtype: 'float32' }]);
    expect(findUnsupported(b.graph, tables)?.reason).toBe('no fused kernel computes FFT');
  });

  test('an empty value', () => {
    const b = new GraphBuilder();
    b.graph.node('Relu', [float(b, 3)], {}, [{ shape: [0], dtype: 'float32' }]);
    expect(findUnsupported(b.graph, tables)?.reason).toBe('its output [0] is empty');
  });

  test('a product of integers', () => {
    const b = new GraphBuilder();
    const x = b.input({ shape: [3, 3], dtype: 'int32' });
    b.op('BatchMatMul', [x, x], { transposeA: false, transposeB: false });
    expect(findUnsupported(b.graph, tables)?.reason).toBe('only float32 is supported');
  });
});

test('kernels run in the order of their anchors where nothing else decides', () => {
  const { groups } = fuse((b) => {
    const x = float(b, 1, 4, 4, 3);
    const left = b.op('Relu', [conv(b, x, 4)]);
    const right = b.op('Neg', [conv(b, x, 8)]);
    return [right, left];
  });
  expect(groups).toEqual(['Conv2D → Relu', 'Conv2D → Neg']);
});
