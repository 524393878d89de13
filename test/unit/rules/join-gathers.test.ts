import type { GraphBuilder } from '../../../src/ir/builder';
import type { Shape, Value } from '../../../src/ir/graph';
import { input, rewrite } from './rewritten';

const indices = (b: GraphBuilder, shape: Shape): Value => b.input({ shape, dtype: 'int32' });

/** Gathers from one value along `axis`, put together along `along`. */
const joined =
  (shapes: readonly Shape[], axis: number, along: number, batchDims = 0) =>
  (b: GraphBuilder): Value => {
    const x = input(b, [3, 5, 4]);
    const parts = shapes.map((shape) =>
      b.op('GatherV2', [x, indices(b, shape)], { axis, batchDims }),
    );
    return b.op('Concat', parts, { axis: along });
  };

test.each<[string, ReturnType<typeof joined>, Shape, Shape]>([
  ['of rows', joined([[2], [7], [1]], 0, 0), [10], [10, 5, 4]],
  ['of columns', joined([[2], [3]], 2, 2), [5], [3, 5, 5]],
  [
    'of a table of indices',
    joined(
      [
        [2, 6],
        [2, 1],
      ],
      1,
      2,
    ),
    [2, 7],
    [3, 2, 7, 4],
  ],
  [
    'of each batch',
    joined(
      [
        [3, 2],
        [3, 4],
      ],
      1,
      1,
      1,
    ),
    [3, 6],
    [3, 6, 4],
  ],
])('gathers %s are one of all indices', (_name, write, all, shape) => {
  const { nodes, fired } = rewrite(write);
  expect(fired).toEqual(['join-gathers']);
  expect(nodes.map(({ kernel }) => kernel)).toEqual(['Concat', 'GatherV2']);
  expect(nodes.map(({ outputs: [{ shape: made }] }) => made)).toEqual([all, shape]);
});

test.each<[string, (b: GraphBuilder) => Value]>([
  ['in front of the axis of the indices', joined([[2], [2]], 1, 0)],
  ['behind the axis of the indices', joined([[2], [2]], 0, 1)],
  [
    'along the batch',
    joined(
      [
        [3, 2],
        [3, 2],
      ],
      1,
      0,
      1,
    ),
  ],
  [
    'along two axes',
    (b) => {
      const x = input(b, [3, 5, 4]);
      const parts = [3, 5].map((count, axis) =>
        b.op('GatherV2', [x, indices(b, [count])], { axis, batchDims: 0 }),
      );
      return b.op('Concat', parts, { axis: 1 });
    },
  ],
  [
    'of each batch and of all',
    (b) => {
      const x = input(b, [3, 5, 4]);
      const all = b.op('GatherV2', [x, indices(b, [2])], { axis: 1, batchDims: 0 });
      const each = b.op('GatherV2', [x, indices(b, [3, 2])], { axis: 1, batchDims: 1 });
      return b.op('Concat', [all, each], { axis: 1 });
    },
  ],
  [
    'of two values',
    (b) => {
      const parts = [1, 2].map(() =>
        b.op('GatherV2', [input(b, [5, 4]), indices(b, [2])], { axis: 0, batchDims: 0 }),
      );
      return b.op('Concat', parts, { axis: 0 });
    },
  ],
  [
    'with something that is none',
    (b) => {
      const x = input(b, [5, 4]);
      const part = b.op('GatherV2', [x, indices(b, [2])], { axis: 0, batchDims: 0 });
      return b.op('Concat', [part, x], { axis: 0 });
    },
  ],
])('gathers %s stay as they are', (_name, write) => {
  expect(rewrite(write).fired).toEqual([]);
});
