/** Times two sessions in turn, so that whatever disturbs the machine disturbs both. */
import { summarize, type Summary } from './statistics';
import type { InferenceTime, Inferring } from './inference';

/** The times of one session. */
export interface TimingSummary {
  wall: Summary;
  js: Summary;
}

/** The times of all sessions, and how the first compares with the second. */
export interface Comparison {
  sides: TimingSummary[];
  /** Wall time of the first over the second, pair by pair; absent with one session. */
  ratio?: Summary;
}

/**
 * Runs the sessions alternately, `reps` times each; which goes first alternates, too.
 *
 * @param warmups runs of each before anything counts
 */
export async function timeInterleaved(
  sessions: readonly Inferring[],
  { warmups, reps }: { warmups: number; reps: number },
): Promise<Comparison> {
  for (const session of sessions) {
    await session.activate();
    for (let i = 0; i < warmups; i++) await session.infer();
  }
  const times = sessions.map((): InferenceTime[] => []);
  for (let rep = 0; rep < reps; rep++) {
    const order = [...sessions.keys()];
    if (rep % 2) order.reverse();
    for (const index of order) {
      await sessions[index].activate();
      times[index].push(await sessions[index].infer());
    }
  }
  const sides = times.map((samples) => ({
    wall: summarize(samples.map(({ wallMs }) => wallMs)),
    js: summarize(samples.map(({ jsMs }) => jsMs)),
  }));
  if (times.length !== 2) return { sides };
  const [first, second] = times;
  const ratio = summarize(first.map(({ wallMs }, rep) => wallMs / second[rep].wallMs));
  return { sides, ratio };
}
