/** Broadcasts and copies, which stand between other matches. */
import { GraphBuilder } from '../../../src/ir/builder';
import { removeDeadNodes, type Graph, type Value } from '../../../src/ir/graph';
import { rewriteGraph } from '../../../src/registry/rules';

function rewritten(write: (b: GraphBuilder) => Value | Value[]): Graph {
  const b = new GraphBuilder();
  b.graph.outputs.push(...[write(b)].flat());
  rewriteGraph(b.graph);
  removeDeadNodes(b.graph);
  return b.graph;
}

const input = (b: GraphBuilder, ...shape: number[]): Value => b.input({ shape, dtype: 'float32' });

const lines = ({ nodes }: Graph): string[] =>
  nodes.map(({ kernel, outputs }) => `${kernel} [${outputs[0].shape}]`);

test('a broadcast operand is read as it is', () => {
  const graph = rewritten((b) => b.op('Add', [input(b, 3, 5), b.broadcastTo(input(b, 5), [3, 5])]));
  expect(lines(graph)).toEqual(['Add [3,5]']);
});

test('what is computed of broadcasts alone is computed before them', () => {
  const graph = rewritten((b) => {
    const [mean, scale] = [input(b, 3, 1), input(b, 1, 1)];
    return b.op('Multiply', [
      b.op('Exp', [b.broadcastTo(mean, [1, 3, 4])]),
      b.broadcastTo(scale, [1, 3, 4]),
    ]);
  });
  expect(lines(graph)).toEqual([
    'Exp [3,1]',
    'Multiply [3,1]',
    'Reshape [1,3,1]',
    'BroadcastTo [1,3,4]',
  ]);
});

test('a tile that repeats more than one element is no broadcast', () => {
  const graph = rewritten((b) => {
    const tiled = b.op('Tile', [input(b, 2)], {}, [], [6]);
    return b.op('Neg', [tiled]);
  });
  expect(lines(graph)).toEqual(['Tile [6]', 'Neg [6]']);
});
