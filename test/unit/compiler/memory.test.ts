import fc from 'fast-check';
import { Graph, type Value } from '../../../src/ir/graph';
import {
  type Access,
  type BufferPlan,
  checkBuffers,
  lifetimesOf,
  planBuffers,
} from '../../../src/compiler/memory';
import { placeOnSlabs } from '../../../src/compiler/slabs';
import { fuzz } from '../../support/fuzz';

/** Elements of what a dispatch writes, and how far back the values lie that it reads. */
const dispatches = fc.array(
  fc.record({
    sizes: fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 3 }),
    reads: fc.array(fc.nat(12), { maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 40 },
);

type Recipe = typeof dispatches extends fc.Arbitrary<infer T> ? T : never;

/** What each dispatch binds: it writes new values and reads some that were written before. */
function bind(recipe: Recipe): Access[][] {
  const graph = new Graph();
  const written: Value[] = [];
  return recipe.map(({ sizes, reads }): Access[] => {
    const read = reads.flatMap((back) => written.at(-1 - back) ?? []);
    const made = sizes.map((size) => graph.input({ shape: [size], dtype: 'float32' }));
    written.push(...made);
    return [
      ...[...new Set(read)].map((value): Access => ({ value, access: 'read' })),
      ...made.map((value): Access => ({ value, access: 'read_write' })),
    ];
  });
}

const always = (): boolean => true;

const total = ({ slabs }: BufferPlan): number => slabs.reduce((sum, size) => sum + size, 0);

describe('memory of intermediates', () => {
  test('no dispatch reads and writes one slab, and nothing alive is overwritten', () => {
    fc.assert(
      fc.property(dispatches, (recipe) => {
        const bound = bind(recipe);
        const plan = planBuffers(bound, always);
        checkBuffers(plan, bound);
        expect(total(plan)).toBeGreaterThanOrEqual(plan.lowerBound);
        const apart = recipe.flatMap(({ sizes }) =>
          sizes.map((size) => Math.ceil(size / 64) * 256),
        );
        expect(total(plan)).toBeLessThanOrEqual(apart.reduce((sum, size) => sum + size, 0));
      }),
      fuzz(300),
    );
  });

  test('a replay in shared bytes computes what separate bytes compute', () => {
    fc.assert(
      fc.property(dispatches, (recipe) => {
        const bound = bind(recipe);
        const { placements } = planBuffers(bound, always);
        const memory = new Map<number, Value>();
        const cells = (value: Value): number[] => {
          const place = placements.get(value);
          if (!place) throw new Error('got a value without a place');
          const first = (place.slab * 2 ** 24 + place.offset) / 4;
          return Array.from({ length: value.shape[0] }, (_, i) => first + i);
        };
        for (const accesses of bound) {
          for (const { value, access } of accesses) {
            if (access === 'read') {
              for (const cell of cells(value)) {
                if (memory.get(cell) !== value) throw new Error(`${value.name} was overwritten`);
              }
            }
          }
          for (const { value, access } of accesses) {
            if (access === 'read_write') for (const cell of cells(value)) memory.set(cell, value);
          }
        }
      }),
      fuzz(100),
    );
  });

  test('equal graphs have equal plans', () => {
    fc.assert(
      fc.property(dispatches, (recipe) => {
        const [a, b] = [planBuffers(bind(recipe), always), planBuffers(bind(recipe), always)];
        expect([...a.placements.values()]).toEqual([...b.placements.values()]);
      }),
      fuzz(50),
    );
  });

  test('nothing takes nothing', () => {
    expect(planBuffers([], always)).toEqual({ slabs: [], placements: new Map(), lowerBound: 0 });
  });

  test('a chain of equal values takes two of them', () => {
    const chain = Array.from({ length: 20 }, () => ({ sizes: [1024], reads: [0] }));
    const plan = planBuffers(bind(chain), always);
    expect(plan.slabs).toEqual([4096, 4096]);
    expect(plan.lowerBound).toBe(8192);
  });

  test('a chain of changing sizes stays near the lower bound', () => {
    const chain = [1000, 50, 50, 1000, 20, 700, 60, 1000].map((size) => ({
      sizes: [64 * size],
      reads: [0],
    }));
    const plan = planBuffers(bind(chain), always);
    expect(total(plan) / plan.lowerBound).toBeLessThan(1.5);
  });
});

test('slabs that exist are used while nobody else does, and never outgrown', () => {
  const item = fc
    .tuple(fc.integer({ min: 1, max: 4000 }), fc.nat(15), fc.nat(4))
    .map(([size, first, length]) => ({ size, first, last: first + length }));
  const slab = fc.record({
    size: fc.integer({ min: 1, max: 16 }).map((pages) => 256 * pages),
    busy: fc.array(
      fc.nat(15).map((at) => ({ first: at, last: at })),
      { maxLength: 3 },
    ),
  });
  fc.assert(
    fc.property(
      fc.array(item, { maxLength: 30 }),
      fc.array(slab, { maxLength: 3 }),
      (items, old) => {
        const none = items.map(() => new Set<number>());
        const { slabs, placements } = placeOnSlabs(items, none, old);
        expect(slabs.slice(0, old.length)).toEqual(old.map(({ size }) => size));
        items.forEach(({ size, first, last }, i) => {
          const { slab: at, offset } = placements[i];
          expect(offset + size).toBeLessThanOrEqual(slabs[at]);
          for (const other of old[at]?.busy ?? []) {
            expect(other.last < first || last < other.first).toBe(true);
          }
          items.slice(i + 1).forEach((other, j) => {
            const place = placements[i + 1 + j];
            const isApart = place.slab !== at || other.last < first || last < other.first;
            const isBeside = place.offset + other.size <= offset || offset + size <= place.offset;
            expect(isApart || isBeside).toBe(true);
          });
        });
      },
    ),
    fuzz(200),
  );
});

describe('the check of a memory plan', () => {
  const [producer, consumer] = bind([
    { sizes: [64], reads: [] },
    { sizes: [64], reads: [0] },
  ]);
  const [a, b] = [producer[0].value, consumer[1].value];
  const check = (slabs: number[], offsets: [number, number][]): void => {
    const [of, to] = offsets.map(([slab, offset]) => ({ slab, offset }));
    const placements = new Map([
      [a, of],
      [b, to],
    ]);
    checkBuffers({ slabs, placements, lowerBound: 512 }, [producer, consumer]);
  };

  test('accepts two slabs', () => {
    expect(() =>
      check(
        [256, 256],
        [
          [0, 0],
          [1, 0],
        ],
      ),
    ).not.toThrow();
  });

  test.each([
    [
      'reads and writes slab 0',
      [512],
      [
        [0, 0],
        [0, 256],
      ],
    ],
    [
      'in the same bytes at the same time',
      [256],
      [
        [0, 0],
        [0, 0],
      ],
    ],
    [
      'not aligned',
      [512, 512],
      [
        [0, 4],
        [1, 0],
      ],
    ],
    [
      'beyond the end of slab 1',
      [256, 128],
      [
        [0, 0],
        [1, 0],
      ],
    ],
  ] as const)('refuses one that %s', (reason, slabs, offsets) => {
    expect(() => check([...slabs], offsets as unknown as [number, number][])).toThrow(reason);
  });
});

describe('a lifetime', () => {
  test('runs from the first dispatch that binds a value to the last', () => {
    const bound = bind([
      { sizes: [3, 1], reads: [] },
      { sizes: [2], reads: [0] },
      { sizes: [], reads: [2] },
      { sizes: [], reads: [1] },
    ]);
    const [weights, a] = bound[0].map(({ value }) => value);
    const b = bound[1][1].value;
    expect(lifetimesOf(bound, (value) => value !== weights)).toEqual([
      { value: a, first: 0, last: 3 },
      { value: b, first: 1, last: 1 },
    ]);
  });
});
