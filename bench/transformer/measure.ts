/** One case on stock `webgpu` and on `webgpu-fused`, in turn; runs in Node and in a page. */
import { largestError } from '../harness/accuracy';
import { STOCK, type Side } from '../harness/backends';
import { takeGpuErrors } from '../harness/gpu-errors';
import type { GpuInstrument } from '../harness/instrument/instrument';
import { summarize, type Summary } from '../harness/statistics';
import type { TransformerCase } from './cases';
import { CaseSession, type RunCost } from './session';

export interface CaseSettings {
  readonly reps: number;
  readonly warmups: number;
}

export interface CaseSide extends RunCost {
  /** Largest difference from `cpu`, relative to the largest element. */
  readonly error: number;
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

/** Warm-up of a side ends here, even if it had fewer runs: some of stock's take many seconds. */
const MAX_WARMUP_MS = 20_000;

const SIDES = ['candidate', 'stock'] as const satisfies readonly Side[];

/** Runs the sides alternately; which goes first alternates, too. */
export async function measureCase(
  entry: TransformerCase,
  { reps, warmups }: CaseSettings,
  instrument: GpuInstrument,
  candidate: string,
): Promise<CaseResult> {
  const reference = await CaseSession.open(entry, 'cpu');
  const expected = await reference.run();
  reference.dispose();
  const sessions: Record<Side, CaseSession> = {
    candidate: await CaseSession.open(entry, candidate),
    stock: await CaseSession.open(entry, STOCK),
  };
  const errors: Record<Side, number> = { candidate: NaN, stock: NaN };
  for (const side of SIDES) {
    errors[side] = largestError(await sessions[side].run(), expected);
    const end = performance.now() + MAX_WARMUP_MS;
    for (let i = 0; i < warmups && performance.now() < end; i++) await sessions[side].run();
  }
  const costs: Record<Side, RunCost> = {
    candidate: await sessions.candidate.cost(instrument),
    stock: await sessions.stock.cost(instrument),
  };
  const times: Record<Side, number[]> = { candidate: [], stock: [] };
  for (let rep = 0; rep < reps; rep++) {
    const order = rep % 2 ? [...SIDES].reverse() : SIDES;
    for (const side of order) times[side].push(await sessions[side].time());
  }
  for (const side of SIDES) sessions[side].dispose();
  const sideOf = (side: Side): CaseSide => ({
    ...costs[side],
    error: errors[side],
    time: summarize(times[side]),
  });
  return {
    name: entry.name,
    sides: { candidate: sideOf('candidate'), stock: sideOf('stock') },
    ratio: summarize(times.stock.map((stock, rep) => stock / times.candidate[rep])),
    limit: entry.dispatches,
    gpuErrors: takeGpuErrors(),
  };
}
