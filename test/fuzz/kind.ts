/** What can be tried at random: inputs, and what is wrong with what comes of one. */
import type fc from 'fast-check';

export interface Kind<T> {
  readonly name: string;
  /** Inputs, which print as a readable program. */
  readonly inputs: fc.Arbitrary<T>;
  /**
   * Resolves where all is right, with the number of ops that were tried if that differs.
   * @throws Error that says what is not.
   */
  check(input: T): Promise<number | void>;
}

/** Fails if a call takes more of the processor than anything here may: a hang, as far as a user can tell. */
const MAX_MS = 20_000;

export async function inTime<T>(run: () => Promise<T>): Promise<T> {
  const start = process.cpuUsage();
  const result = await run();
  // Not the clock: others may keep the machine busy.
  const { user, system } = process.cpuUsage(start);
  const took = (user + system) / 1000;
  if (took > MAX_MS) throw new Error(`it took ${(took / 1000).toFixed(0)} s`);
  return result;
}
