import { registerFlags } from '../../../src/host/flags';
import { formatTrace, keepTrace, lastTrace, type FlushTrace } from '../../../src/eager/flush-trace';

const trace: FlushTrace = {
  why: 'read',
  plan: 'miss',
  kernels: ['Conv2D', 'Add', 'Relu'],
  groups: [
    {
      ...{ label: 'Conv2D → Add → Relu', family: 'conv2d', origins: ['Conv2D#0', 'Add#1'] },
      ...{ bytes: 1e6, wgsl: '', workgroups: [1, 1, 1], parts: [], reads: [0, 1, 2], writes: [3] },
    },
  ],
  refused: [{ rule: 'epilogue', nodes: ['Relu#2'], reason: 'no room' }],
  left: [{ kernel: 'Cumsum', reason: 'it cannot wait' }],
  invocations: [],
  dispatches: 1,
  bytesSaved: 2_500_000,
};

test('a flush is one line', () => {
  expect(formatTrace(trace, false)).toBe(
    '[webgpu-fused] flush (read): 3 kernels in 1 dispatches, 2.5 MB saved, plan miss, 1 left alone',
  );
});

test('details name groups, refusals and kernels that ran at once', () => {
  expect(formatTrace(trace, true).split('\n').slice(1)).toEqual([
    '  ▸ Conv2D → Add → Relu: Conv2D#0, Add#1',
    '  ✕ epilogue Relu#2: no room',
    '  · Cumsum ran at once: it cannot wait',
  ]);
});

describe('the last trace', () => {
  beforeAll(registerFlags);

  const flush = (dispatches: number): void => keepTrace({ ...trace, dispatches });

  test('tells of all flushes since it was last read, and of the latest', () => {
    expect(lastTrace()).toBeNull();
    flush(1);
    flush(2);
    const read = lastTrace();
    expect(read?.dispatches).toBe(2);
    expect(read?.flushes.map(({ dispatches }) => dispatches)).toEqual([1, 2]);
    expect(lastTrace()).toEqual(read);
    flush(3);
    expect(lastTrace()?.flushes.map(({ dispatches }) => dispatches)).toEqual([3]);
  });

  test('keeps the latest of very many', () => {
    for (let i = 0; i < 1000; i++) flush(i);
    const read = lastTrace();
    expect(read?.flushes.length).toBeLessThanOrEqual(256);
    expect(read?.flushes.at(-1)?.dispatches).toBe(999);
    expect((read?.flushes.length ?? 0) + (read?.dropped ?? 0)).toBe(1000);
  });
});
