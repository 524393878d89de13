import { Exploration, MAX_SEGMENT } from '../../../src/eager/exploration';

/** Streams that were compiled, of `count` new ones of `size` invocations each. */
function tryNew(exploration: Exploration, count: number, size: number, from = 0): number {
  let compiled = 0;
  for (let hash = from; hash < from + count; hash++) {
    if (exploration.mayCompile(hash, size)) compiled++;
  }
  return compiled;
}

/** Calls kernels, from one end of a task to the next. */
function segment(exploration: Exploration, kernels: readonly number[]): void {
  for (const hash of kernels) exploration.note(hash);
  exploration.endSegment();
}

/** How often a program must run before it is queued. */
function runsUntilRecorded(exploration: Exploration, kernels: readonly number[]): number {
  for (let runs = 0; runs < 1000; runs++) {
    if (exploration.isQueueing) return runs;
    segment(exploration, kernels);
  }
  return Infinity;
}

/** One whose credit went into streams that never came again. */
function exhausted(): Exploration {
  const exploration = new Exploration();
  tryNew(exploration, 40, 100);
  return exploration;
}

test('the first streams are compiled at once', () => {
  expect(tryNew(new Exploration(), 8, 200)).toBe(8);
});

test('streams that never repeat are given up, and queueing ends', () => {
  const exploration = new Exploration();
  expect(tryNew(exploration, 100, 100)).toBe(20);
  expect(exploration.isQueueing).toBe(false);
  for (let i = 0; i < 1000; i++) segment(exploration, [1, 2, i]);
  expect(exploration.isQueueing).toBe(false);
});

test('without credit, one kernel never seen before ends queueing', () => {
  const exploration = new Exploration();
  tryNew(exploration, 2, 1000);
  expect(exploration.mayGoOn(48)).toBe(true);
  expect(exploration.isQueueing).toBe(true);
  expect(exploration.mayGoOn(49)).toBe(false);
  expect(exploration.isQueueing).toBe(false);
});

test('a program that comes again is queued from its third run on, and compiled', () => {
  const exploration = exhausted();
  const kernels = [7, 8, 9, 7, 8, 9];
  expect(runsUntilRecorded(exploration, kernels)).toBe(2);
  expect(exploration.mayGoOn(kernels.length)).toBe(true);
  expect(exploration.mayCompile(12345, kernels.length)).toBe(true);
});

test('the same kernels in another order are another program', () => {
  const exploration = exhausted();
  segment(exploration, [7, 8]);
  segment(exploration, [8, 7]);
  expect(exploration.isQueueing).toBe(false);
});

test('every try in vain makes the next one rarer, until a plan is used', () => {
  const exploration = exhausted();
  const runs: number[] = [];
  for (let tries = 0; tries < 4; tries++) {
    runs.push(runsUntilRecorded(exploration, [1, 2, 3]));
    exploration.mayGoOn(4);
    exploration.mayGoOn(10_000);
  }
  expect(runs).toEqual([2, 2, 4, 8]);
  exploration.hit(3);
  runsUntilRecorded(exploration, [1, 2, 3]);
  exploration.hit(3);
  exploration.mayGoOn(10_000);
  expect(runsUntilRecorded(exploration, [1, 2, 3])).toBe(1);
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

test('programs of two alternating streams are both compiled', () => {
  const exploration = exhausted();
  const streams = [Array.from({ length: 40 }, (_, i) => i), [100, 101, 102]];
  const known = new Set<number>();
  const compiled = new Set<readonly number[]>();
  for (let step = 0; step < 20; step++) {
    const stream = streams[step % 2];
    let queued = 0;
    for (const hash of stream) {
      exploration.note(hash);
      if (!exploration.isQueueing) continue;
      if (!known.has(hash) && !exploration.mayGoOn(queued + 1)) continue;
      known.add(hash);
      queued++;
    }
    if (queued === stream.length) {
      if (compiled.has(stream)) exploration.hit(stream.length);
      else if (exploration.mayCompile(stream[0], stream.length)) compiled.add(stream);
    }
    exploration.endSegment();
  }
  expect(compiled.size).toBe(2);
});

describe('a program of more invocations than credit pays for', () => {
  /** Runs `segments` full segments, each a stream; answers how many of them ran by plan. */
  function step(exploration: Exploration, segments: number, plans: Set<number>, from = 0): number {
    let fused = 0;
    let queued = 0;
    const endStream = (at: number): void => {
      if (queued === 0) return;
      if (plans.has(at)) {
        exploration.hit(queued);
        fused++;
      } else if (exploration.mayCompile(at, queued)) {
        // A plan for a part of a segment is of no use to a stream that is all of it.
        if (queued === MAX_SEGMENT) plans.add(at);
      }
      queued = 0;
    };
    for (let at = from; at < from + segments; at++) {
      for (let i = 0; i < MAX_SEGMENT; i++) {
        if (exploration.note(MAX_SEGMENT * at + i)) endStream(at - 1);
        if (exploration.isQueueing && exploration.mayGoOn(queued + 1)) queued++;
      }
    }
    exploration.endSegment();
    endStream(from + segments - 1);
    return fused;
  }

  test('is fused as a whole by its fourth run', () => {
    const exploration = new Exploration();
    const plans = new Set<number>();
    const fused = Array.from({ length: 4 }, () => step(exploration, 20, plans));
    expect(fused[0]).toBe(0);
    expect(fused[3]).toBe(20);
  });

  test('is given up where it never comes again', () => {
    const exploration = new Exploration();
    const plans = new Set<number>();
    for (let run = 0; run < 20; run++) step(exploration, 20, plans, 20 * run);
    expect(plans.size).toBeLessThanOrEqual(2);
    expect(exploration.isQueueing).toBe(false);
  });
});
