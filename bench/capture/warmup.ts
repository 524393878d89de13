/** A warm-up in a fresh process: how long it takes, and how long a page would stand still. */
import type { WarmupReport } from '../../src/pure';
import { registerBackends } from '../harness/backends';
import { GapMeter } from '../harness/gap-meter';
import { prepareGpu } from '../harness/prepare-gpu';
import { VariantSession } from './session';

export interface WarmupTask {
  kind: 'warmup';
  model: string;
  /** Dawn's null device compiles nothing: what a page waits for there is JavaScript. */
  device: 'null' | 'real';
}

export interface WarmupResult extends WarmupReport {
  /** The longest time for which nothing else had its turn, measured from outside: milliseconds. */
  gapMs: number;
  /** The first call after it, until its outputs are read. */
  firstMs: number;
}

/** Runs the task. The caller provides an empty shader cache. */
export async function measureWarmup({ model, device }: WarmupTask): Promise<WarmupResult> {
  prepareGpu(device === 'null' ? ['backend=null'] : []);
  await registerBackends('webgpu-fused');
  const session = await VariantSession.open(model, 'both');
  if (!session.model.graph) throw new Error('Only graph models are warmed up.');
  const inputs = session.model.entry.inputs.map(({ name, shape }) => [name, shape] as const);
  // Importing it before there is a GPU would leave stock `webgpu` unregistered.
  const { warmup } = await import('../../src/pure');
  const meter = new GapMeter();
  meter.start();
  const report = await warmup(session.model.graph, { inputs: Object.fromEntries(inputs) });
  const gapMs = await meter.stop();
  const { wallMs } = await session.call({ read: true });
  return { ...report, gapMs, firstMs: wallMs };
}
