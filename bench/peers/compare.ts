/** One workload on all runtimes, each in a process of its own, in turn. */
import { largestError } from '../../src/measure/accuracy';
import { summarize, type Summary } from '../../src/measure/statistics';
import { RuntimeProcess } from './process';
import type { Opened } from './protocol';
import { OURS, type RuntimeName } from './runtimes';
import type { Workload } from './workloads';

export interface PeerSettings {
  readonly warmups: number;
  /** Rounds in which every runtime has its turn. */
  readonly rounds: number;
  /** Timed runs of a turn; their median counts. */
  readonly runs: number;
  readonly timeoutMs: number;
}

/** One runtime on one workload. */
export interface PeerRow {
  readonly workload: Workload;
  readonly runtime: RuntimeName;
  /** Why there is nothing else. */
  readonly failure?: string;
  readonly adapter?: string;
  readonly dispatches?: number;
  readonly trafficBytes?: number;
  /** Largest difference from `cpu`, relative to the largest element. */
  readonly error?: number;
  /** Milliseconds, from the input in JavaScript to the output in JavaScript. */
  readonly time?: Summary;
  /** Its time over that of `webgpu-fused`, round by round. */
  readonly ratio?: Summary;
}

interface Contestant {
  readonly runtime: RuntimeName;
  readonly process: RuntimeProcess;
  readonly times: number[];
  opened?: Opened;
  failure?: string;
}

/**
 * Opens the runtimes one after the other, then times them in rounds whose order rotates: all
 * processes live throughout, and one works at a time.
 */
export async function compareRuntimes(
  workload: Workload,
  runtimes: readonly RuntimeName[],
  settings: PeerSettings,
  onProgress: (step: string) => void,
): Promise<PeerRow[]> {
  onProgress('reference');
  const expected = await referenceOf(workload, settings);
  const contestants: Contestant[] = [];
  try {
    for (const runtime of runtimes) {
      onProgress(runtime);
      const process = new RuntimeProcess(settings.timeoutMs);
      const contestant: Contestant = { runtime, process, times: [] };
      contestants.push(contestant);
      await guard(contestant, async () => {
        const { name } = workload;
        const { warmups } = settings;
        const request = { kind: 'open', runtime, workload: name, warmups } as const;
        contestant.opened = await process.ask(request);
      });
    }
    await timeInRounds(contestants, settings, onProgress);
  } finally {
    for (const { process } of contestants) process.close();
  }
  const ours = contestants.find(({ runtime }) => runtime === OURS);
  return contestants.map((contestant) => rowOf(workload, contestant, ours?.times ?? [], expected));
}

async function referenceOf(workload: Workload, settings: PeerSettings): Promise<Float32Array> {
  const process = new RuntimeProcess(settings.timeoutMs);
  try {
    const request = {
      kind: 'open',
      runtime: 'reference',
      workload: workload.name,
      warmups: 0,
    } as const;
    return (await process.ask(request)).output;
  } finally {
    process.close();
  }
}

async function timeInRounds(
  contestants: readonly Contestant[],
  { rounds, runs }: PeerSettings,
  onProgress: (step: string) => void,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    onProgress(`round ${round + 1}/${rounds}`);
    const first = round % contestants.length;
    for (const contestant of [...contestants.slice(first), ...contestants.slice(0, first)]) {
      if (contestant.failure !== undefined) continue;
      await guard(contestant, async () => {
        const times = await contestant.process.ask({ kind: 'time', runs });
        contestant.times.push(summarize(times).median);
      });
    }
  }
}

/** Runs a step of one runtime, and keeps what went wrong. */
async function guard(contestant: Contestant, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    contestant.failure = error instanceof Error ? error.message : String(error);
  }
}

function rowOf(
  workload: Workload,
  { runtime, opened, failure, times }: Contestant,
  ours: readonly number[],
  expected: Float32Array,
): PeerRow {
  if (failure !== undefined || !opened) return { workload, runtime, failure };
  const { adapter, dispatches, trafficBytes, output } = opened;
  const ratios = times.flatMap((time, round) => (round in ours ? time / ours[round] : []));
  return {
    workload,
    runtime,
    adapter,
    dispatches,
    trafficBytes,
    error: largestError(output, expected),
    time: summarize(times),
    ratio: ratios.length ? summarize(ratios) : undefined,
  };
}
