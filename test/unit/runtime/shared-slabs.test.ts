import { type SlabPool, SharedSlabs } from '../../../src/runtime/shared-slabs';

/** Buffers that are nothing but a size. */
function pool(): SlabPool & { readonly alive: Set<GPUBuffer> } {
  const alive = new Set<GPUBuffer>();
  return {
    alive,
    acquire(size) {
      const slab = { size } as GPUBuffer;
      alive.add(slab);
      return slab;
    },
    release(slab) {
      expect(alive.delete(slab)).toBe(true);
    },
  };
}

const bytes = (slabs: Iterable<GPUBuffer>): number =>
  [...slabs].reduce((sum, { size }) => sum + size, 0);

test('plans share slabs, and those of one plan are different', () => {
  const memory = pool();
  const slabs = new SharedSlabs(memory);
  const [a, b] = [slabs.take([100, 100]), slabs.take([60, 100, 90])];
  expect(new Set(a).size).toBe(2);
  expect(new Set(b).size).toBe(3);
  expect(memory.alive.size).toBe(3);
  b.forEach(({ size }, i) => expect(size).toBeGreaterThanOrEqual([60, 100, 90][i]));
});

test('a slab lives as long as somebody has it', () => {
  const memory = pool();
  const slabs = new SharedSlabs(memory);
  const [a, b] = [slabs.take([100]), slabs.take([100])];
  expect(b).toEqual(a);
  slabs.giveBack(a);
  expect(memory.alive.size).toBe(1);
  slabs.giveBack(b);
  expect(memory.alive.size).toBe(0);
  expect(slabs.take([100])).not.toBe(a);
});

test('a small plan does not hold on to a large slab', () => {
  const memory = pool();
  const slabs = new SharedSlabs(memory);
  const large = slabs.take([1_000_000]);
  const [small] = slabs.take([100]);
  expect(small.size).toBe(100);
  slabs.giveBack(large);
  expect(bytes(memory.alive)).toBe(100);
});

test('what may be dead is nobody’s from then on', () => {
  const memory = pool();
  const slabs = new SharedSlabs(memory);
  const before = slabs.take([100]);
  const { generation } = slabs;
  slabs.forget();
  expect(slabs.generation).not.toBe(generation);
  const after = slabs.take([100]);
  expect(after[0]).not.toBe(before[0]);
  slabs.giveBack(before);
  expect([...memory.alive]).toEqual(after);
});

test('shares add up to what there is', () => {
  const memory = pool();
  const slabs = new SharedSlabs(memory);
  const plans = [[100, 40], [70], [30, 60, 10]].map((sizes) => slabs.take(sizes));
  const sum = plans.reduce((total, plan) => total + slabs.shareOf(plan), 0);
  expect(sum).toBeCloseTo(bytes(memory.alive), 9);
});

test('any number of sizes takes a few times the largest', () => {
  const memory = pool();
  const slabs = new SharedSlabs(memory);
  // A permutation of the sizes from 1 to 1009.
  for (let i = 1; i < 1010; i++) slabs.take([1 + ((i * 271) % 1009), 1 + ((i * 613) % 1009)]);
  expect(bytes(memory.alive)).toBeLessThan(16 * 1009);
});
