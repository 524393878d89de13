/** Flushes in the form in which a graph model is explained. */
import { reportFlushes } from '../../../src/html/flushes';
import { nameFlushes } from '../../../src/html/same-flushes';
import type { FlushTrace } from '../../../src/eager/flush-trace';

const ALONE: FlushTrace = {
  ...{ why: 'read', plan: 'stock', kernels: ['Softmax', 'Relu'], invocations: [], groups: [] },
  ...{ refused: [], dispatches: 2, bytesSaved: 0 },
  left: [{ kernel: 'Cumsum', reason: 'it cannot wait' }],
};

const OTHER: FlushTrace = { ...ALONE, kernels: ['Relu'], left: [] };

test('kernels that ran one by one are what tfjs runs, told apart by their flush', () => {
  const { nodes, dispatches, refused, regions } = reportFlushes({ flushes: [ALONE, OTHER] });
  expect(nodes.map(({ name, fate }) => [name, fate])).toEqual([
    ['flush 1/Softmax#0', 'stock'],
    ['flush 1/Relu#1', 'stock'],
    ['flush 2/Relu#0', 'stock'],
  ]);
  expect(dispatches).toEqual({ before: 7, after: 7 });
  expect(regions.every(({ plan }) => plan === undefined)).toBe(true);
  expect(refused[0]).toEqual({
    ...{ rule: 'tfjs', nodes: ['Cumsum'], reason: 'ran at once: it cannot wait' },
  });
});

test('flushes that are alike are one, which counts as often as it ran', () => {
  const later: FlushTrace = { ...ALONE, why: 'task-end', left: [] };
  const { nodes, dispatches, refused, flushes } = reportFlushes({
    flushes: [ALONE, OTHER, later, later],
  });
  expect(nodes).toHaveLength(3);
  expect(dispatches).toEqual({ before: 19, after: 19 });
  expect(flushes).toEqual([
    { name: 'flushes 1, 3, 4', times: 3, nodes: 2, hasPlan: false },
    { name: 'flush 2', times: 1, nodes: 1, hasPlan: false },
  ]);
  expect(refused).toHaveLength(1);
});

test.each([
  [[1], 'flush 1'],
  [[2, 3], 'flushes 2, 3'],
  [[1, 4, 5, 6, 9], 'flushes 1, 4–6, 9'],
  [[1, 3, 5, 7, 9, 11, 31], 'flushes 1, 3, 5, 7, …, 31'],
])('%p are named %s', (numbers, name) => {
  expect(nameFlushes(numbers)).toBe(name);
});
