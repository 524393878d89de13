/** When the values of a traced call live, and what they take at least. Pure. */
import type { WatchedCall, WatchedStep } from './watched-call';

/** Memory that a replayed call keeps, its plans' included, in bytes; inputs and results apart. */
export interface ReplayMemory {
  readonly allocated: number;
  /** The largest sum that is alive at once, within plans and between them. */
  readonly lowerBound: number;
}

/** Steps from the first to the last that touches a value, both included. */
export interface Life {
  readonly first: number;
  last: number;
}

export function touched(step: WatchedStep): number[] {
  return step.kind === 'plan' ? [...step.inputs, ...step.outputs] : [...step.inputs, step.output];
}

/** Lives by number of the value. */
export function livesOf(steps: readonly WatchedStep[]): Map<number, Life> {
  const lives = new Map<number, Life>();
  steps.forEach((step, at) => {
    for (const id of touched(step)) {
      const known = lives.get(id);
      if (known) known.last = at;
      else lives.set(id, { first: at, last: at });
    }
  });
  return lives;
}

/** @param results values that belong to the caller. */
export function lowerBoundOf({ values, steps }: WatchedCall, results: ReadonlySet<number>): number {
  const lives = [...livesOf(steps)].filter(
    ([id]) => values[id].origin.kind === 'made' && !results.has(id),
  );
  const constants = values
    .filter(({ origin }) => origin.kind === 'constant')
    .reduce((sum, { bytes }) => sum + bytes, 0);
  const peaks = steps.map((step, at) => {
    const inside = step.kind === 'plan' ? step.executor.plan.buffers.lowerBound : 0;
    return lives
      .filter(([, { first, last }]) => first <= at && at <= last)
      .reduce((sum, [id]) => sum + values[id].bytes, inside);
  });
  return constants + Math.max(0, ...peaks);
}
