/** Both sides of one model in one process: work, accuracy, time, leaks. */
import { selectModels } from '../../models/zoo';
import type { ModelEntry } from '../../models/types';
import { compareOutputs, worstError, type OutputError } from '../../../src/measure/accuracy';
import { registerBackends, type Side } from '../backends';
import { takeGpuErrors } from '../../../src/measure/gpu-errors';
import { prepareGpu } from '../prepare-gpu';
import { explainModel } from '../fused-api';
import { GpuInstrument } from '../../../src/measure/instrument';
import { checkLeaks } from '../leaks';
import { referenceOutputs } from '../reference';
import type { OutputValues } from '../../../src/measure/inference';
import { ModelSession } from '../session';
import { timeInterleaved } from '../../../src/measure/timing';
import type { CompareResult, CompareTask, SideResult } from './protocol';

type Report = (progress: string) => void;

/** Runs the task; a side that fails says why, and the other one goes on. */
export async function compareModel(task: CompareTask, report: Report): Promise<CompareResult> {
  const [entry] = selectModels([task.model]);
  prepareGpu();
  const instrument = new GpuInstrument();
  instrument.install();
  const names = await registerBackends(task.candidate);

  report('reference');
  const references: OutputValues[][] = [];
  for (const seed of task.seeds) references.push(await referenceOutputs(entry, seed));

  const sides: Record<Side, SideResult> = { stock: {}, candidate: {} };
  const sessions: Partial<Record<Side, ModelSession>> = {};
  for (const side of ['stock', 'candidate'] as const) {
    if (side === 'stock' && entry.stockFails) {
      sides.stock.failure = entry.stockFails;
      continue;
    }
    report(side);
    await guard(sides[side], async () => {
      sessions[side] = await inspect(entry, names[side], task, references, instrument, sides[side]);
    });
  }
  instrument.uninstall();

  report('timing');
  const ratio = await timeSides(sessions, sides, task);
  const { candidate } = sessions;
  if (candidate) {
    report('leaks');
    await guard(sides.candidate, async () => {
      sides.candidate.leaks = await checkLeaks(candidate, task.leakRuns);
    });
  }
  const graph = task.candidate === 'webgpu-fused' ? candidate?.model.graph : undefined;
  const fusion = graph && (await explainModel(graph));
  return { sides, ratio, fusion };
}

/** Loads and warms one side; counts the work of a warm inference and compares its outputs. */
async function inspect(
  entry: ModelEntry,
  backend: string,
  { seeds, warmups }: CompareTask,
  references: OutputValues[][],
  instrument: GpuInstrument,
  result: SideResult,
): Promise<ModelSession> {
  instrument.start();
  const session = await ModelSession.open(entry, backend, seeds[0]);
  result.loadMs = session.loadMs;
  const errors: OutputError[] = [compareOutputs(await session.outputs(), references[0])];
  for (let i = 1; i < warmups; i++) await session.infer();
  result.pipelines = instrument.read().pipelines;
  for (const [index, seed] of seeds.entries()) {
    errors.push(compareOutputs(await session.outputs(seed), references[index]));
  }
  instrument.start();
  await session.infer();
  result.counts = instrument.read();
  throwGpuErrors();
  result.error = worstError(errors);
  return session;
}

async function timeSides(
  sessions: Partial<Record<Side, ModelSession>>,
  sides: Record<Side, SideResult>,
  { warmups, reps }: CompareTask,
): Promise<CompareResult['ratio']> {
  const running = (['stock', 'candidate'] as const).filter((side) => sessions[side]);
  const list = running.flatMap((side) => sessions[side] ?? []);
  try {
    const { sides: timings, ratio } = await timeInterleaved(list, { warmups, reps });
    running.forEach((side, index) => (sides[side].timing = timings[index]));
    return ratio;
  } catch (error) {
    for (const side of running) sides[side].failure ??= `while timing: ${messageOf(error)}`;
    return undefined;
  }
}

/** Runs a step of one side, and keeps what went wrong. */
async function guard(result: SideResult, step: () => Promise<void>): Promise<void> {
  try {
    await step();
    throwGpuErrors();
  } catch (error) {
    takeGpuErrors();
    result.failure ??= messageOf(error);
  }
}

/** Commands that WebGPU refuses are skipped, without an exception: nothing after them counts. */
function throwGpuErrors(): void {
  const errors = takeGpuErrors();
  if (errors.length) throw new Error(`WebGPU reported ${errors.length} errors: ${errors[0]}`);
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
