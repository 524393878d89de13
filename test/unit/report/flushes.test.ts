/** Flushes in the form in which a graph model is explained. */
import { reportFlushes } from '../../../src/html/flushes';
import type { FlushTrace } from '../../../src/eager/flush-trace';

const ALONE: FlushTrace = {
  ...{ why: 'read', plan: 'stock', kernels: ['Softmax', 'Relu'], invocations: [], groups: [] },
  ...{ refused: [], dispatches: 2, bytesSaved: 0 },
  left: [{ kernel: 'Cumsum', reason: 'it cannot wait' }],
};

test('kernels that ran one by one are what tfjs runs, told apart by their flush', () => {
  const { nodes, dispatches, refused, regions } = reportFlushes({ flushes: [ALONE, ALONE] });
  expect(nodes.map(({ name, fate }) => [name, fate])).toEqual([
    ['flush 1/Softmax#0', 'stock'],
    ['flush 1/Relu#1', 'stock'],
    ['flush 2/Softmax#0', 'stock'],
    ['flush 2/Relu#1', 'stock'],
  ]);
  expect(dispatches).toEqual({ before: 12, after: 12 });
  expect(regions.every(({ plan }) => plan === undefined)).toBe(true);
  expect(refused[0]).toEqual({
    ...{ rule: 'tfjs', nodes: ['Cumsum'], reason: 'ran at once: it cannot wait' },
  });
});
