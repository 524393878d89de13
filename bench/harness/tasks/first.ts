/** The first inference of one side in a fresh process: compilation, uploads, rewriting included. */
import { selectModels } from '../../models/zoo';
import { registerBackends, useBackend } from '../backends';
import { prepareGpu } from '../prepare-gpu';
import { GpuInstrument } from '../../../src/measure/instrument';
import { DriverClock } from '../driver-clock';
import { ModelSession } from '../session';
import type { FirstResult, FirstTask } from './protocol';

/** Runs the task. The caller provides an empty shader cache. */
export async function measureFirst(task: FirstTask): Promise<FirstResult> {
  const [entry] = selectModels([task.model]);
  prepareGpu(task.device === 'null' ? ['backend=null'] : []);
  const instrument = new GpuInstrument();
  instrument.install();
  const clock = new DriverClock();
  clock.install();
  const names = await registerBackends(task.candidate);
  await useBackend(names[task.side]);
  const session = await ModelSession.open(entry, names[task.side], task.seed);
  clock.reset();
  const before = process.cpuUsage();
  const first = await session.infer();
  const { user, system } = process.cpuUsage(before);
  const driverMs = clock.milliseconds;
  const { pipelines } = instrument.read();
  const second = await session.infer();
  for (let run = 2; run < task.runs; run++) await session.infer();
  return {
    loadMs: session.loadMs,
    firstMs: first.wallMs,
    firstCpuMs: (user + system) / 1000,
    driverMs,
    secondMs: second.wallMs,
    pipelines,
    peakBytes: instrument.read().peakBytes,
  };
}
