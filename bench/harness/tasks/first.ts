/** The first inference of one side in a fresh process: compilation, uploads, rewriting included. */
import { selectModels } from '../../models/zoo';
import { registerBackends, useBackend } from '../backends';
import { prepareGpu } from '../prepare-gpu';
import { GpuInstrument } from '../../../src/measure/instrument';
import { ModelSession } from '../session';
import type { FirstResult, FirstTask } from './protocol';

const RUNS_FOR_PEAK = 8;

/** Runs the task. The caller provides an empty shader cache. */
export async function measureFirst(task: FirstTask): Promise<FirstResult> {
  const [entry] = selectModels([task.model]);
  prepareGpu();
  const instrument = new GpuInstrument();
  instrument.install();
  const names = await registerBackends(task.candidate);
  await useBackend(names[task.side]);
  const session = await ModelSession.open(entry, names[task.side], task.seed);
  const first = await session.infer();
  const { pipelines } = instrument.read();
  const second = await session.infer();
  for (let run = 2; run < RUNS_FOR_PEAK; run++) await session.infer();
  return {
    loadMs: session.loadMs,
    firstMs: first.wallMs,
    secondMs: second.wallMs,
    pipelines,
    peakBytes: instrument.read().peakBytes,
  };
}
