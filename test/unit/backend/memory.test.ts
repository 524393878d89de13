import fc from 'fast-check';
import { lifetimesOf, planBuffers, type Lifetime } from '../../../src/backend/plan/memory';
import { Graph, type Value } from '../../../src/ir/graph';
import { fuzz } from '../../support/fuzz';

const graph = new Graph();
const value = (elements: number): Value => graph.input({ shape: [elements], dtype: 'float32' });

const lifetime = (elements: number, first: number, last: number): Lifetime => ({
  value: value(elements),
  first,
  last,
});

const randomLifetimes = fc.array(
  fc
    .tuple(fc.integer({ min: 1, max: 40 }), fc.nat(20), fc.nat(6))
    .map(([elements, first, length]) => lifetime(elements, first, first + length)),
  { maxLength: 40, size: 'max' },
);

const total = (sizes: readonly number[]) => sizes.reduce((sum, size) => sum + size, 0);

describe('memory of random lifetimes', () => {
  test('is shared only by values that are never alive together, and large enough', () => {
    fc.assert(
      fc.property(randomLifetimes, (lifetimes) => {
        const { slotOf, sizes } = planBuffers(lifetimes);
        for (const [i, a] of lifetimes.entries()) {
          const slot = slotOf.get(a.value) as number;
          expect(sizes[slot]).toBeGreaterThanOrEqual(4 * a.value.shape[0]);
          for (const b of lifetimes.slice(i + 1)) {
            if (slotOf.get(b.value) !== slot) continue;
            expect(a.last < b.first || b.last < a.first).toBe(true);
          }
        }
      }),
      fuzz(300),
    );
  });

  test('lies between the lower bound and no sharing at all', () => {
    fc.assert(
      fc.property(randomLifetimes, (lifetimes) => {
        const { sizes, lowerBound } = planBuffers(lifetimes);
        expect(total(sizes)).toBeGreaterThanOrEqual(lowerBound);
        expect(total(sizes)).toBeLessThanOrEqual(
          total(lifetimes.map((one) => 4 * one.value.shape[0])),
        );
      }),
      fuzz(300),
    );
  });
});

describe('memory', () => {
  test('of a chain is two buffers, whatever its length', () => {
    const { sizes, lowerBound } = planBuffers(
      Array.from({ length: 9 }, (_, i) => lifetime(16, i, i + 1)),
    );
    expect(sizes).toEqual([64, 64]);
    expect(lowerBound).toBe(128);
  });

  test('goes to the buffer that wastes least', () => {
    const chain = [lifetime(100, 0, 1), lifetime(20, 0, 1), lifetime(10, 2, 3)];
    const { slotOf, sizes } = planBuffers(chain);
    expect(sizes).toEqual([400, 80]);
    expect(slotOf.get(chain[2].value)).toBe(1);
  });

  test('of nothing is nothing', () => {
    expect(planBuffers([])).toEqual({ sizes: [], slotOf: new Map(), lowerBound: 0 });
  });
});

describe('a lifetime', () => {
  test('runs from the first dispatch that binds a value to the last', () => {
    const [a, b, weights] = [value(1), value(2), value(3)];
    const lifetimes = lifetimesOf([[weights, a], [a, b], [weights], [a]], (one) => one !== weights);
    expect(lifetimes).toEqual([
      { value: a, first: 0, last: 3 },
      { value: b, first: 1, last: 1 },
    ]);
  });
});
