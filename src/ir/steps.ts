/** Work in pieces: between two of them, whoever does it may let something else have its turn. */

/** Work that pauses by itself, and its result. */
export type Steps<T> = Generator<void, T, void>;

/** Does all of it now. */
export function runSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** The same work, whose result comes with the milliseconds that it took without its pauses. */
export function* timedSteps<T>(steps: Steps<T>): Steps<{ result: T; milliseconds: number }> {
  let milliseconds = 0;
  for (;;) {
    const start = performance.now();
    const { done, value } = steps.next();
    milliseconds += performance.now() - start;
    if (done) return { result: value, milliseconds };
    yield;
  }
}

/** Milliseconds after which other work of the page gets its turn: half a frame. */
export const MAX_TASK_MS = 8;

/**
 * Does work in turns with whatever else waits in the page, which has the last one.
 * @param note told how many milliseconds each turn took.
 */
export async function takeTurns<T>(steps: Steps<T>, note: (ms: number) => void): Promise<T> {
  for (;;) {
    const start = performance.now();
    let step = steps.next();
    while (!step.done && performance.now() - start < MAX_TASK_MS) step = steps.next();
    note(performance.now() - start);
    await nextTask();
    if (step.done) return step.value;
  }
}

/** Resolves when whatever else waits in the page has had its turn. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
