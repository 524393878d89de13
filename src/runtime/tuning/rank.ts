/**
 * Which of several ways to compute the same is the fastest: they are measured in turn, so that a change
 * of the device's clock meets all of them, and compared by their medians. Pure but for what it is given.
 */

/** One way, and how to measure it. */
export interface Contender {
  readonly name: string;
  /** Microseconds of one run. */
  measure(): Promise<number>;
}

/** What a comparison may take, and what it must show. */
export interface RankLimits {
  /** Rounds at most; a contender is measured once a round. */
  readonly rounds: number;
  /** Rounds without which nothing is decided. */
  readonly minRounds: number;
  /** Milliseconds after which no other round begins, if there were rounds enough. */
  readonly milliseconds: number;
  /** Milliseconds after which none begins, whatever is known. */
  readonly mostMilliseconds: number;
  /** What the first contender's time has to be of the best one's, for that to be preferred. */
  readonly margin: number;
}

/** What came of a comparison. */
export interface Ranking {
  /** The name of the contender to take. */
  readonly best: string;
  /** Median microseconds of each. */
  readonly times: Readonly<Record<string, number>>;
}

/**
 * Measures `contenders`, of which the first is taken unless another is faster by the margin.
 * @param now milliseconds of a clock
 * @returns null if time was up before there were rounds enough
 */
export async function rankContenders(
  contenders: readonly Contender[],
  { rounds, minRounds, milliseconds, mostMilliseconds, margin }: RankLimits,
  now: () => number,
): Promise<Ranking | null> {
  const start = now();
  const samples = contenders.map((): number[] => []);
  let done = 0;
  const limit = (): number => (done < minRounds ? mostMilliseconds : milliseconds);
  while (done < rounds && now() - start < limit()) {
    for (let i = 0; i < contenders.length; i++) {
      // Each round begins with another one: whoever comes first finds a device that has rested.
      const at = (i + done) % contenders.length;
      samples[at].push(await contenders[at].measure());
    }
    done++;
  }
  if (done < minRounds) return null;
  const medians = samples.map(median);
  const fastest = medians.indexOf(Math.min(...medians));
  const best = medians[0] > medians[fastest] * margin ? fastest : 0;
  return {
    best: contenders[best].name,
    times: Object.fromEntries(contenders.map(({ name }, i) => [name, rounded(medians[i])])),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** To tenths: what is beyond says nothing. */
const rounded = (microseconds: number): number => Math.round(microseconds * 10) / 10;
