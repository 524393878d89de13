/** Times recorded cases in turn, so that whatever changes the clock of a GPU changes all of them. */
import { largestError } from '../harness/accuracy';
import { summarize, type Summary } from '../harness/statistics';
import { attention, layerNorm, mlp } from '../../src/pure';
import type { AdapterClass, Choose } from '../../src/fused-kernels/target';
import { type BenchDevice, useFused, useStock } from './backends';
import type { KernelCase } from './case';
import type { PassTimer } from './pass-timer';
import type { DispatchRecorder } from './recorder';
import type { Replay } from './replay';
import { recordCase, type RecordedCase } from './session';

export interface Bench extends BenchDevice {
  readonly recorder: DispatchRecorder;
  readonly timer: PassTimer;
  /** Rounds in which every side has one pass. */
  readonly reps: number;
  /** What a pass should take, by repetitions of the case. */
  readonly passUs: number;
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
  /** Largest difference of the results, relative to the largest element. */
  readonly difference: number;
}

/** No pass encodes more dispatches: encoding would take longer than they do. */
const MAX_DISPATCHES = 2000;

const NAMED = { attention, layerNorm, mlp };

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
  const [theirs, own] = await timeInTurn(bench, [stock, ours]);
  stock.replay.dispose();
  ours.replay.dispose();
  return {
    name: entry.name,
    stock: sideOf(stock, theirs),
    ours: sideOf(ours, own),
    ratio: summarize(theirs.times.map((time, round) => time / own.times[round])),
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

/** Times all sides in rounds; which goes first changes from round to round. */
export async function timeInTurn(
  { timer, reps, passUs }: Bench,
  sides: readonly RecordedCase[],
): Promise<Times[]> {
  const repetitions: number[] = [];
  for (const { replay } of sides) repetitions.push(await calibrate(timer, replay, passUs));
  const times = sides.map((): number[] => []);
  for (let round = 0; round < reps; round++) {
    for (let turn = 0; turn < sides.length; turn++) {
      const index = (round + turn) % sides.length;
      const count = repetitions[index];
      const time = await timer.time((pass) => sides[index].replay.encode(pass, count));
      times[index].push(time / count);
    }
  }
  return times.map((all, index) => ({ times: all, repetitions: repetitions[index] }));
}

/** How many repetitions make a pass of `passUs`; runs a few passes, which warm the GPU up as well. */
async function calibrate(timer: PassTimer, replay: Replay, passUs: number): Promise<number> {
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
