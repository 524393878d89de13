import { Exploration } from '../../../src/backend/lazy/exploration';

/** Streams that were compiled, of `count` new ones of `size` invocations each. */
function tryNew(exploration: Exploration, count: number, size: number, from = 0): number {
  let compiled = 0;
  for (let hash = from; hash < from + count; hash++) {
    if (exploration.mayCompile(hash, size)) compiled++;
  }
  return compiled;
}

function recordedOf(exploration: Exploration, launches: number): number {
  let recorded = 0;
  for (let i = 0; i < launches; i++) if (exploration.mayRecord()) recorded++;
  return recorded;
}

test('the first streams are compiled at once', () => {
  expect(tryNew(new Exploration(), 8, 200)).toBe(8);
});

test('streams that never repeat are given up, and recording pauses', () => {
  const exploration = new Exploration();
  expect(tryNew(exploration, 100, 100)).toBe(20);
  expect(recordedOf(exploration, 100)).toBe(0);
  expect(recordedOf(exploration, 10_000)).toBeGreaterThan(0);
});

test('a stream seen twice is compiled whatever came before', () => {
  const exploration = new Exploration();
  tryNew(exploration, 30, 100);
  expect(exploration.mayCompile(12345, 100)).toBe(false);
  expect(exploration.mayCompile(12345, 100)).toBe(true);
});

test('plans that are used earn credit for new ones', () => {
  const exploration = new Exploration();
  tryNew(exploration, 30, 100);
  exploration.hit(500);
  expect(tryNew(exploration, 10, 100, 1000)).toBe(5);
});
