/** Times recorded cases in turn, so that whatever changes the clock of a GPU changes all of them. */
import { largestError } from '../../src/measure/accuracy';
import { summarize, type Summary } from '../../src/measure/statistics';
import { attention, layerNorm, mlp } from '../../src/pure';
import type { AdapterClass, Choose } from '../../src/fused-kernels/target';
import { type BenchDevice, useFused, useStock } from './backends';
import type { KernelCase } from './case';
import type { Clock } from './clock';
import type { PassClock } from '../../src/runtime/tuning/pass-clock';
import type { DispatchRecorder } from './recorder';
import type { Replay } from './replay';
import { recordCase, type RecordedCase } from './session';

export interface Bench extends BenchDevice {
  readonly recorder: DispatchRecorder;
  readonly timer: PassClock;
  readonly clock: Clock;
  /** Rounds in which every side has one pass. */
  readonly reps: number;
  /** What a pass should take, by repetitions of the case. */
  readonly passUs: number;
  readonly isSoftware: boolean;
  /** The class of adapter whose kernels are ours. */
  readonly force: AdapterClass;
}

/** What was measured of a case on one side. */
export interface SideResult {
  /** Microseconds of one repetition. */
  readonly time: Summary;
  readonly repetitions: number;
  readonly dispatches: readonly string[];
}

export interface CaseResult {
  readonly name: string;
  readonly stock: SideResult;
  readonly ours: SideResult;
  /** Stock's time over ours, round by round. */
  readonly ratio: Summary;
  /** The adapter's speed meanwhile, as a share of the best that was seen. */
  readonly speed: number;
  /** Largest difference of the results, relative to the largest element. */
  readonly difference: number;
}

/** No pass encodes more dispatches: encoding would take longer than they do. */
const MAX_DISPATCHES = 2000;

export const NAMED = { attention, layerNorm, mlp };

export async function recordStock(bench: Bench, entry: KernelCase): Promise<RecordedCase> {
  await useStock();
  return recordCase(bench.device, bench.recorder, entry);
}

export async function recordOurs(
  bench: Bench,
  entry: KernelCase,
  choose?: Choose,
): Promise<RecordedCase> {
  await useFused(bench, bench.force, choose);
  return recordCase(bench.device, bench.recorder, entry, NAMED);
}

export async function measureCase(bench: Bench, entry: KernelCase): Promise<CaseResult> {
  const stock = await recordStock(bench, entry);
  const ours = await recordOurs(bench, entry);
  const { sides, speed } = await timeInTurn(bench, [stock, ours]);
  const [theirs, own] = sides;
  stock.replay.dispose();
  ours.replay.dispose();
  return {
    name: entry.name,
    stock: sideOf(stock, theirs),
    ours: sideOf(ours, own),
    ratio: summarize(theirs.times.map((time, round) => time / own.times[round])),
    speed,
    difference: largestError(ours.values, stock.values),
  };
}

const sideOf = ({ dispatches }: RecordedCase, { times, repetitions }: Times): SideResult => ({
  time: summarize(times),
  repetitions,
  dispatches: dispatches.map(({ label }) => label),
});

/** Microseconds of a repetition, a round each. */
export interface Times {
  readonly times: readonly number[];
  readonly repetitions: number;
}

export interface Timing {
  readonly sides: readonly Times[];
  /** The adapter's speed meanwhile, as a share of the best that was seen. */
  readonly speed: number;
}

/** Rounds count in which the adapter was this near to its best. */
const NEAR = 0.9;
/** Rounds are repeated until enough count, or this long. */
const PATIENCE_MS = 1500;

interface Round {
  readonly speed: number;
  /** Microseconds of a repetition, a side each. */
  readonly times: readonly number[];
}

/**
 * Times all sides in rounds; which goes first changes from round to round. Rounds in which the
 * adapter was slow are taken again; if it stays slow, the fastest of them count.
 */
export async function timeInTurn(bench: Bench, cases: readonly RecordedCase[]): Promise<Timing> {
  const { timer, clock, reps, passUs, isSoftware } = bench;
  if (!isSoftware) await clock.warmUp();
  const repetitions: number[] = [];
  for (const { replay } of cases) repetitions.push(await calibrate(timer, replay, passUs));
  const rounds: Round[] = [];
  const end = performance.now() + PATIENCE_MS;
  // A processor has other work, which its clock does not show.
  const speedNow = (): number | Promise<number> => (isSoftware ? 1 : clock.speed());
  const enough = (): boolean => rounds.filter(({ speed }) => speed >= NEAR).length >= reps;
  while (!enough() && (rounds.length < reps || performance.now() < end)) {
    const times = cases.map(() => 0);
    const before = await speedNow();
    for (let turn = 0; turn < cases.length; turn++) {
      const index = (rounds.length + turn) % cases.length;
      const count = repetitions[index];
      const time = await timer.time((pass) => cases[index].replay.encode(pass, count));
      times[index] = time / count;
    }
    rounds.push({ speed: Math.min(before, await speedNow()), times });
  }
  const counted = rounds.sort((a, b) => b.speed - a.speed).slice(0, reps);
  return {
    sides: repetitions.map((count, side) => ({
      times: counted.map(({ times }) => times[side]),
      repetitions: count,
    })),
    speed: summarize(counted.map(({ speed }) => speed)).median,
  };
}

/** How many repetitions make a pass of `passUs`; runs a few passes, which warm the GPU up as well. */
async function calibrate(timer: PassClock, replay: Replay, passUs: number): Promise<number> {
  const most = Math.max(1, Math.floor(MAX_DISPATCHES / replay.length));
  let count = 1;
  for (let attempt = 0; attempt < 3; attempt++) {
    const time = await timer.time((pass) => replay.encode(pass, count));
    const wanted = Math.round((count * passUs) / Math.max(time, 1));
    const next = Math.min(most, Math.max(1, wanted));
    if (next <= count) return next;
    count = next;
  }
  return count;
}
