/** The command `trace`: a warm call by kernel, for Perfetto or chrome://tracing, stock beside fused. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { KernelTime, KernelTimes } from '../html/time-kernels';
import type { KernelRecord } from '../report';
import { CliError, EXIT } from './cli-error';
import type { InputShapes } from './loaded-model';
import { readModel, type ModelFiles } from './model-files';
import { namingNodes } from './name-node';
import type { Parts } from './parts';
import type { Terminal } from './terminal';
import { provideTimedBackends, timeSide } from './time-sides';
import type { BackendName } from './use-backend';

export interface TraceOptions {
  readonly input: InputShapes;
  readonly out: string;
  readonly json?: boolean;
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
  const adapter = await provideTimedBackends('trace', parts);
  const traceEvents: TraceEvent[] = [];
  const sums: Record<string, number> = {};
  for (const [pid, name] of (['webgpu', 'webgpu-fused'] as const).entries()) {
    terminal.progress(`${name}: warming up, then calls by kernel`);
    const { times, records } = await namingNodes(files, () => timeCall(files, name, input));
    const { kernels, missing } = times;
    if (missing !== undefined) {
      // Models that only ours runs are there: they are traced alone.
      if (name === 'webgpu-fused') throw notTimed(missing);
      terminal.progress(`${name} is left out: ${missing.split('\n')[0]}`);
      continue;
    }
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

function notTimed(got: string): CliError {
  const needs = 'kernels of one call, by the clock of a device with the feature timestamp-query';
  const cure = 'Use bench, which times whole calls; doctor says what the device has.';
  return new CliError('trace', { got, needs, cure });
}

async function timeCall(
  files: ModelFiles,
  name: BackendName,
  shapes: InputShapes,
): Promise<{ times: KernelTimes; records: readonly KernelRecord[] }> {
  const { times, told, flushes } = await timeSide('trace', files, name, shapes);
  const records = [
    ...(told?.regions.flatMap(({ plan }) => plan?.kernels ?? []) ?? []),
    ...flushes.flatMap(({ groups }) => groups),
  ];
  return { times, records };
}

/** Kernels end to end, in the order of their dispatches: of each the device tells how long, not when. */
function eventsOf(
  pid: number,
  name: string,
  kernels: readonly KernelTime[],
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
