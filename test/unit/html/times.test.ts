/** Times of a call put to the dispatches of its plans, and to nodes. */
import { tellTimes } from '../../../src/html/tell-times';
import type { KernelTimes } from '../../../src/html/time-kernels';

const plan = (...labels: string[]): { kernels: { label: string }[] } => ({
  kernels: labels.map((label) => ({ label })),
});

const timesOf = (kernels: KernelTimes['kernels'], missing?: string): KernelTimes => ({
  ...{ backend: 'webgpu', kernels, calls: 5, missing },
});

const took = (...names: string[]): KernelTimes =>
  timesOf(names.map((name, at) => ({ name, ms: at + 1 })));

test('dispatches of a plan follow each other, and what is between plans tfjs ran', () => {
  const plans = [plan('A', 'B'), plan('A'), plan()];
  const { dispatches, time } = tellTimes(plans, [], { fused: took('A', 'B', 'SliceProgram', 'A') });
  expect(dispatches).toEqual([[1, 2], [4], []]);
  expect(time.left).toEqual([{ name: 'SliceProgram', ms: 3 }]);
  expect(time.fused).toBe(10);
  expect(time).toMatchObject({ stockMissing: 'Stock was not timed.' });
});

test('a plan that ran several times in a call has the time of all of them', () => {
  const { dispatches } = tellTimes([plan('A', 'B')], [2], { fused: took('A', 'B', 'A', 'B') });
  expect(dispatches).toEqual([[4, 6]]);
});

test('of stock, a node has all of its kernels', () => {
  const stock = timesOf([
    { name: 'PadProgram', ms: 1, node: 'conv' },
    { name: 'Conv2DProgram', ms: 5, node: 'conv' },
    { name: 'UnaryOpProgram', ms: 2, node: 'relu' },
  ]);
  const { time } = tellTimes([plan('A')], [], { fused: took('A'), stock });
  expect(time.stockNodes).toEqual({ conv: 6, relu: 2 });
  expect(time.stock).toBe(8);
});

test.each([
  ['nothing was timed', {}, 'Not timed'],
  ['the device has no clock', { fused: timesOf([], 'no timestamp-query') }, 'no timestamp-query'],
  ['another call was timed', { fused: took('A') }, 'not what this report shows'],
])('where %s, it says so', (_what, times, says) => {
  const { dispatches, time } = tellTimes([plan('A', 'B')], [], times);
  expect(dispatches).toBeUndefined();
  expect(time.missing).toContain(says);
});
