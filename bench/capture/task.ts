/** Measures all variants of one model in one process, in turn. */
import * as tf from '@tensorflow/tfjs-core';
import { registerBackends } from '../harness/backends';
import { takeGpuErrors } from '../../src/measure/gpu-errors';
import { prepareGpu } from '../harness/prepare-gpu';
import type { GpuCounts } from '../../src/measure/counts';
import { GpuInstrument } from '../../src/measure/instrument';
import { summarize, type Summary } from '../../src/measure/statistics';
import { BareReplay } from './bare-replay';
import { VariantSession } from './session';
import { poolBytes } from './storage';
import { activate, type Variant, VARIANTS } from './variants';

/** Measures a model on Dawn's null device, or on a real one with results read back. */
export interface CaptureTask {
  kind: 'capture';
  model: string;
  device: 'null' | 'real';
  warmups: number;
  reps: number;
}

export interface VariantResult {
  variant: Variant;
  js?: Summary;
  wall?: Summary;
  /**
   * Stock's time over this one's, call by call: of JavaScript on the null device, else of all.
   * Absent where stock fails.
   */
  ratio?: Summary;
  /** What WebGPU reported: then there are no times. */
  failure?: string;
  /** Of one warm call. */
  counts: GpuCounts;
  intermediates: number;
  /** Absent for stock, which has no plan. */
  lowerBound?: number;
  /** JS time of WebGPU's calls alone, of as many dispatches; of "both" on the null device. */
  bare?: Summary;
}

/** Something that is called in turn with others. */
interface Contender {
  activate(): Promise<void>;
  call(options: { read: boolean }): Promise<{ jsMs: number; wallMs: number }>;
}

/**
 * Calls of one variant in a row, of which the median counts: frame after frame, as apps call a
 * model.
 */
const CALLS = 10;

export async function measureCapture(
  task: CaptureTask,
  report: (progress: string) => void,
): Promise<VariantResult[]> {
  prepareGpu(task.device === 'null' ? ['backend=null'] : []);
  const instrument = new GpuInstrument();
  instrument.install();
  await registerBackends('webgpu-fused');
  const read = task.device === 'real';
  const results: VariantResult[] = [];
  const sessions: VariantSession[] = [];
  for (const variant of VARIANTS) {
    report(`${variant}: warming up`);
    await activate(variant);
    const before = poolBytes(tf.backend());
    const session = await VariantSession.open(task.model, variant);
    for (let i = 0; i < task.warmups; i++) await session.call({ read });
    instrument.start();
    await session.call({ read });
    const counts = instrument.read();
    const memory = await session.intermediates(before);
    // Errors are reported some time after the call that caused them.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const [failure] = takeGpuErrors();
    if (!failure) sessions.push(session);
    results.push({ variant, counts, failure, ...memory });
  }
  instrument.uninstall();
  report('timing');
  const both = results.find(({ variant, failure }) => variant === 'both' && !failure);
  const bare = both && !read ? [await bareReplay(both, sessions)] : [];
  const times = await timeInTurn([...sessions, ...bare], task, read);
  const figure = read ? 'wallMs' : 'jsMs';
  const stock = sessions[0]?.variant === 'stock' ? times[0] : undefined;
  return results.map((result) => {
    const own = times[sessions.findIndex(({ variant }) => variant === result.variant)];
    if (!own) return result;
    const least = result === both && bare.length > 0 ? times.at(-1) : undefined;
    const ratios = stock?.map((time, rep) => time[figure] / own[rep][figure]);
    return {
      ...result,
      js: summarize(own.map(({ jsMs }) => jsMs)),
      wall: summarize(own.map(({ wallMs }) => wallMs)),
      ratio: ratios && summarize(ratios),
      bare: least && summarize(least.map(({ jsMs }) => jsMs)),
    };
  });
}

/** What a call of `both` asks of WebGPU, on the same device. */
async function bareReplay(
  { counts }: VariantResult,
  sessions: readonly VariantSession[],
): Promise<BareReplay> {
  const session = sessions.find(({ variant }) => variant === 'both') as VariantSession;
  await session.activate();
  const { device } = tf.backend() as unknown as { device: GPUDevice };
  return new BareReplay(device, counts.dispatches, session.inputBytes);
}

async function timeInTurn(
  sessions: readonly Contender[],
  { reps, warmups }: CaptureTask,
  read: boolean,
): Promise<{ jsMs: number; wallMs: number }[][]> {
  const times = sessions.map((): { jsMs: number; wallMs: number }[] => []);
  // After the wraps were taken off, code is compiled anew.
  for (const session of read ? sessions : []) {
    await session.activate();
    await session.call({ read });
  }
  for (let rep = 0; rep < reps; rep++) {
    for (const [at, session] of sessions.entries()) {
      await session.activate();
      const calls: { jsMs: number; wallMs: number }[] = [];
      // A call is warm once it finds the caches as it left them, not as another backend did.
      for (let i = 0; i < (read ? 0 : warmups); i++) await session.call({ read });
      for (let i = 0; i < (read ? 1 : CALLS); i++) calls.push(await session.call({ read }));
      const middle = (figure: 'jsMs' | 'wallMs'): number =>
        summarize(calls.map((call) => call[figure])).median;
      times[at].push({ jsMs: middle('jsMs'), wallMs: middle('wallMs') });
    }
  }
  return times;
}
