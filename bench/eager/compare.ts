/** Both sides of one workload: work, results, and times taken in turn. */
import type { Side } from '../harness/backends';
import { takeGpuErrors } from '../../src/measure/gpu-errors';
import type { GpuInstrument } from '../../src/measure/instrument';
import { summarize, type Summary } from '../../src/measure/statistics';
import { OpenSide, type RunTime } from './side';
import type { Workload } from './workload';

export interface SideRow {
  dispatches: number;
  trafficBytes: number;
  /** JavaScript until everything is launched. */
  js: Summary;
  wall: Summary;
}

export interface Row {
  readonly workload: Workload;
  sides?: Record<Side, SideRow>;
  /** Largest difference of results over all runs compared, relative to the largest value. */
  error?: number;
  /** JavaScript of our first runs over stock's usual one: what compiling and exploring cost. */
  firstJs?: readonly number[];
  /** Ours over stock's, pair by pair. */
  ratio?: { js: Summary; wall: Summary };
  peakBytes?: Record<Side, number>;
  failure?: string;
}

/** Runs compared one by one: the steps of a training. */
const COMPARED = 20;

export interface Settings {
  warmups: number;
  reps: number;
}

export const SIDES = ['stock', 'candidate'] as const satisfies readonly Side[];

export async function compareWorkload(
  workload: Workload,
  names: Record<Side, string>,
  instrument: GpuInstrument,
  { warmups, reps }: Settings,
): Promise<Row> {
  const open = {
    stock: await OpenSide.open(workload, names.stock),
    candidate: await OpenSide.open(workload, names.candidate),
  };
  const compared = workload.group === 'training' ? COMPARED : warmups;
  const first: Record<Side, RunTime[]> = { stock: [], candidate: [] };
  const counts: Partial<Record<Side, { dispatches: number; trafficBytes: number }>> = {};
  for (const side of SIDES) {
    await open[side].activate();
    for (let i = 0; i < compared; i++) first[side].push(await open[side].run());
    instrument.start();
    await open[side].run();
    counts[side] = instrument.read();
  }
  const times: Record<Side, RunTime[]> = { stock: [], candidate: [] };
  for (let rep = 0; rep < reps; rep++) {
    for (const side of rep % 2 ? [...SIDES].reverse() : SIDES) {
      await open[side].activate();
      times[side].push(await open[side].run());
    }
  }
  for (const side of SIDES) {
    await open[side].activate();
    open[side].dispose();
  }
  const errors = takeGpuErrors();
  if (errors.length) throw new Error(`WebGPU reported ${errors.length} errors: ${errors[0]}`);
  const rowOf = (side: Side): SideRow => ({
    dispatches: counts[side]?.dispatches ?? NaN,
    trafficBytes: counts[side]?.trafficBytes ?? NaN,
    js: summarize(times[side].map(({ launchMs }) => launchMs)),
    wall: summarize(times[side].map(({ wallMs }) => wallMs)),
  });
  const ratio = (time: 'launchMs' | 'wallMs'): Summary =>
    summarize(times.candidate.map((ours, i) => ours[time] / times.stock[i][time]));
  const sides = { stock: rowOf('stock'), candidate: rowOf('candidate') };
  return {
    workload,
    sides,
    error: Math.max(
      ...first.stock.map(({ values }, i) => distance(first.candidate[i].values, values)),
    ),
    firstJs: first.candidate.map(({ launchMs }) => launchMs / sides.stock.js.median),
    ratio: { js: ratio('launchMs'), wall: ratio('wallMs') },
  };
}

function distance(actual: readonly number[], expected: readonly number[]): number {
  if (actual.length !== expected.length) return Infinity;
  let largest = 0;
  let difference = 0;
  expected.forEach((value, i) => {
    if (Object.is(value, actual[i])) return;
    largest = Math.max(largest, Math.abs(value));
    const apart = Math.abs(actual[i] - value);
    difference = Number.isNaN(apart) ? Infinity : Math.max(difference, apart);
  });
  return difference === 0 ? 0 : difference / (largest || 1);
}
