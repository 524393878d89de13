/**
 * One case on stock `webgpu` and on `webgpu-fused`, in turn, in a process or a page that has nothing
 * else; runs in Node and in browsers.
 */
import { largestError } from '../../src/measure/accuracy';
import { registerBackends, type Side } from '../harness/backends';
import { takeGpuErrors } from '../../src/measure/gpu-errors';
import { GpuInstrument } from '../../src/measure/instrument';
import { summarize, type Summary } from '../../src/measure/statistics';
import type { TransformerCase } from './cases';
import { CaseSession, type RunCost } from './session';

export interface CaseSettings {
  readonly reps: number;
  readonly warmups: number;
}

export interface CaseSide extends RunCost {
  /** Largest difference from `cpu`, relative to the largest element. */
  readonly error: number;
  /** The most bytes that buffers of this side hold at once, weights included. */
  readonly peakBytes: number;
  readonly time: Summary;
}

/** What was measured of one case. */
export interface CaseResult {
  readonly name: string;
  readonly sides: Readonly<Record<Side, CaseSide>>;
  /** Stock's time over that of `webgpu-fused`, pair by pair. */
  readonly ratio: Summary;
  /** Most dispatches allowed. */
  readonly limit: number;
  /** What WebGPU reported by itself. */
  readonly gpuErrors: readonly string[];
}

/** Phases end here, even if they had fewer runs: some of stock's take many seconds in a browser. */
const MAX_WARMUP_MS = 20_000;
const MAX_TIMING_MS = 120_000;

/** Timed runs of a side, however long they take. */
const MIN_REPS = 3;

const SIDES = ['candidate', 'stock'] as const satisfies readonly Side[];

/** Call it once in a process or page, after {@link watchDevices} and before any device is made. */
export async function measureCase(
  entry: TransformerCase,
  { reps, warmups }: CaseSettings,
): Promise<CaseResult> {
  const instrument = new GpuInstrument();
  instrument.install();
  const names = await registerBackends('webgpu-fused');
  const reference = await CaseSession.open(entry, 'cpu');
  const expected = await reference.run();
  reference.dispose();

  const sessions = {} as Record<Side, CaseSession>;
  const sides = {} as Record<Side, Omit<CaseSide, 'time'>>;
  for (const side of SIDES) {
    instrument.start();
    const before = instrument.read().peakBytes;
    const session = await CaseSession.open(entry, names[side]);
    const error = largestError(await session.run(), expected);
    await repeatWithin(MAX_WARMUP_MS, warmups, () => session.run());
    const peakBytes = instrument.read().peakBytes - before;
    sides[side] = { error, peakBytes, ...(await session.cost(instrument)) };
    sessions[side] = session;
  }
  instrument.uninstall();

  const times: Record<Side, number[]> = { candidate: [], stock: [] };
  // After the wraps were taken off, code is compiled anew.
  for (const side of SIDES) await repeatWithin(MAX_WARMUP_MS, warmups, () => sessions[side].run());
  const end = performance.now() + MAX_TIMING_MS;
  for (let rep = 0; rep < reps && (rep < MIN_REPS || performance.now() < end); rep++) {
    const order = rep % 2 ? [...SIDES].reverse() : SIDES;
    for (const side of order) times[side].push(await sessions[side].time());
  }
  const sideOf = (side: Side): CaseSide => ({ ...sides[side], time: summarize(times[side]) });
  return {
    name: entry.name,
    sides: { candidate: sideOf('candidate'), stock: sideOf('stock') },
    ratio: summarize(times.stock.map((stock, rep) => stock / times.candidate[rep])),
    limit: entry.dispatches,
    gpuErrors: takeGpuErrors(),
  };
}

/** Up to `count` times, as long as there is time for another one. */
async function repeatWithin(
  milliseconds: number,
  count: number,
  run: () => Promise<unknown>,
): Promise<void> {
  const end = performance.now() + milliseconds;
  for (let i = 0; i < count && performance.now() < end; i++) await run();
}
