/** How the apps of `examples/apps` are judged: an answer that differs must not pass. */
import { difference } from '../../../tools/apps/compare.mjs';
import { judge } from '../../../tools/apps/judge.mjs';
import type { Told } from '../../../tools/apps/observe';
import { emptyCounts } from '../../../src/measure/counts';

describe('the difference of two answers', () => {
  test('is relative to the largest number of a list, whatever its depth', () => {
    expect(difference([[1, 2], [-4]], [[1, 2.5], [-4]]).apart).toBe(0.125);
    expect(difference(new Float32Array([0, 8]), new Float32Array([2, 8])).apart).toBe(0.25);
    const largest = difference({ a: [1], b: 100 }, { a: [2], b: 150 });
    expect(largest).toEqual({ apart: 1, at: 'the answer, a' });
  });

  test('is infinite where a number is none, and where all should be zero', () => {
    expect(difference([1], [NaN]).apart).toBe(Infinity);
    expect(difference([0, 0], [0, 1e-30]).apart).toBe(Infinity);
    expect(difference([NaN], [NaN]).apart).toBe(0);
  });

  test.each([
    ['texts', ['cat', 1], ['dog', 1]],
    ['lengths', [1, 2], [1]],
    ['names', { a: 1 }, { b: 1 }],
    ['numbers and nothing', [{ a: 1 }], [{ a: undefined }]],
  ])('throws where %s differ', (_, expected, got) => {
    expect(() => difference(expected, got)).toThrow('needs');
  });
});

describe('the verdict on an app', () => {
  const entry = { places: [], calls: 1, tolerance: 0.01, because: 'it rounds' };
  const ran = (backend: string, answer: unknown, dispatches: number): Told => ({
    backend,
    calls: [{ answer, counts: { ...emptyCounts(0), dispatches } }],
  });
  const verdictOf = (fused: Told): string => {
    const stock = ran('webgpu', [1], 9);
    return judge({ app: 'an app', place: 'Node', entry, stock, fused }).verdict;
  };

  test('is equal within the tolerance only', () => {
    expect(verdictOf(ran('webgpu-fused', [1.005], 3))).toBe('equal');
    expect(verdictOf(ran('webgpu-fused', [1.05], 3))).toBe(
      'the answer, call 1: too far apart, needs 0.01 (it rounds)',
    );
  });

  test('says that an app threw, or went to another backend', () => {
    expect(verdictOf({ failure: 'no' })).toBe('on webgpu-fused: no');
    expect(verdictOf(ran('cpu', [1], 0))).toBe('on webgpu-fused: the app ended on cpu');
  });
});
