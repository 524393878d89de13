/** The command `trace`: a warm call by kernel, for Perfetto or chrome://tracing, stock beside fused. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { backend, dispose, type NamedTensorMap } from '@tensorflow/tfjs-core';
import { explain } from '../graph-model';
import type { KernelRecord } from '../report';
import { CliError, EXIT } from './cli-error';
import { provideBackends } from './device-backends';
import { describeAdapter } from './gpu';
import { installedLayers } from './installed-layers';
import { loadModel, randomInputs, type InputShapes, type LoadedModel } from './loaded-model';
import { readModel, type ModelFiles } from './model-files';
import { namingNodes } from './name-node';
import type { Parts } from './parts';
import type { Terminal } from './terminal';
import { useBackend, type BackendName } from './use-backend';

export interface TraceOptions {
  readonly input: InputShapes;
  readonly out: string;
  readonly json?: boolean;
}

/** Calls before the one that is traced. */
const WARMUPS = 4;

/** Milliseconds by the device's clock, of one dispatch. */
interface TimedKernel {
  readonly name: string;
  readonly ms: number;
}

/** A complete event of Chrome's trace format; times in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly cat?: string;
  readonly ph: 'X' | 'M';
  readonly ts?: number;
  readonly dur?: number;
  readonly pid: number;
  readonly tid: number;
  readonly args?: object;
}

export async function traceCommand(
  source: string,
  { input, out, json }: TraceOptions,
  terminal: Terminal,
  parts: Parts,
): Promise<number> {
  terminal.progress(`reading ${source}`);
  const files = await readModel(source);
  const adapter = describeAdapter(await provideBackends('trace', parts));
  const traceEvents: TraceEvent[] = [];
  const sums: Record<string, number> = {};
  for (const [pid, name] of (['webgpu', 'webgpu-fused'] as const).entries()) {
    terminal.progress(`${name}: warming up, then a call by kernel`);
    const { kernels, records } = await namingNodes(files, () => timeCall(files, name, input));
    sums[name] = kernels.reduce((sum, { ms }) => sum + ms, 0);
    traceEvents.push(...eventsOf(pid, name, kernels, records));
  }
  const trace = { traceEvents, displayTimeUnit: 'ms', otherData: { model: files.name, adapter } };
  writeFileSync(out, JSON.stringify(trace));
  if (json) terminal.json({ file: resolve(out), adapter, milliseconds: sums });
  else {
    const text = Object.entries(sums).map(([name, ms]) => `${name} ${ms.toFixed(3)} ms in kernels`);
    terminal.print(
      `${text.join(', ')} on ${adapter}\nwrote ${resolve(out)}: open it in https://ui.perfetto.dev`,
    );
  }
  return EXIT.ok;
}

async function timeCall(
  files: ModelFiles,
  name: BackendName,
  shapes: InputShapes,
): Promise<{ kernels: TimedKernel[]; records: readonly KernelRecord[] }> {
  await useBackend('trace', name);
  const model = await loadModel(files, installedLayers);
  const inputs = randomInputs('trace', model, shapes);
  for (let run = 0; run < WARMUPS; run++) {
    const outputs = await model.run(inputs);
    await Promise.all(outputs.map((output) => output.data()));
    dispose(outputs);
  }
  const kernels = await timedKernels(model, inputs);
  const isFused = name === 'webgpu-fused' && model.graph !== undefined;
  const regions = isFused && model.graph ? explain(model.graph).regions : [];
  const records = regions.flatMap(({ plan }) => plan?.kernels ?? []);
  dispose(inputs);
  model.dispose();
  return { kernels, records };
}

/** tfjs times kernels where the device has timestamps, in calls that do not wait. */
async function timedKernels(model: LoadedModel, inputs: NamedTensorMap): Promise<TimedKernel[]> {
  let isAsync = false;
  const info = await backend().time(() => {
    const outputs = model.run(inputs);
    if (Array.isArray(outputs)) return dispose(outputs);
    isAsync = true;
    void outputs.then(dispose);
  });
  if (isAsync) {
    throw new CliError('trace', {
      got: 'a model with control flow, which tfjs runs step by step',
      needs: 'one that execute() runs',
      cure: 'Use bench, which times whole calls.',
    });
  }
  const told = info.getExtraProfileInfo?.() ?? '';
  const kernels = [...told.matchAll(/(.+?): ([\d.e+-]+)(?:, |$)/g)].map(([, name, ms]) => ({
    name,
    ms: Number(ms),
  }));
  if (kernels.some(({ ms }) => ms > 0)) return kernels;
  throw new CliError('trace', {
    got: 'a device without timestamps',
    needs: 'the feature timestamp-query',
    cure: 'Run tfjs-backend-webgpu-fused doctor to see what it has, and bench, which needs none.',
  });
}

/** Kernels end to end, in the order of their dispatches: of each the device tells how long, not when. */
function eventsOf(
  pid: number,
  name: string,
  kernels: readonly TimedKernel[],
  records: readonly KernelRecord[],
): TraceEvent[] {
  const events: TraceEvent[] = [
    { name: 'process_name', ph: 'M', pid, tid: 0, args: { name } },
    { name: 'thread_name', ph: 'M', pid, tid: 0, args: { name: 'kernels, end to end' } },
  ];
  const isKnown = records.length === kernels.length;
  let ts = 0;
  kernels.forEach((kernel, at) => {
    const dur = kernel.ms * 1000;
    const { family, origins, bytes }: Partial<KernelRecord> = isKnown ? records[at] : {};
    const args = { dispatch: at, family, nodes: origins, bytes };
    events.push({ name: kernel.name, cat: 'kernel', ph: 'X', ts, dur, pid, tid: 0, args });
    ts += dur;
  });
  return events;
}
