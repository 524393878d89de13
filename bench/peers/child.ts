/** A process of one runtime with one workload: opens it, then times it whenever it is asked to. */
import { takeGpuErrors } from '../../src/measure/gpu-errors';
import { GpuInstrument } from '../../src/measure/instrument';
import { observe } from '../../src/measure/observe';
import { prepareGpu } from '../harness/prepare-gpu';
import type { Message, Opened, OpenRequest, Request, Timed, TimeRequest } from './protocol';
import { REFERENCE, RUNTIMES } from './runtimes';
import type { OpenWorkload } from './runtimes/runtime';
import { fillNodeGaps } from './node-gaps';
import { workloadNamed } from './workloads';

let opened: OpenWorkload | undefined;

async function open({ runtime, workload, warmups }: OpenRequest): Promise<Opened> {
  prepareGpu();
  fillNodeGaps();
  let adapter: string | undefined;
  observe(GPUAdapter, 'requestDevice', ({ info }) => {
    adapter = info.description;
  });
  const instrument = new GpuInstrument();
  instrument.install();
  const { open } = runtime === 'reference' ? REFERENCE : RUNTIMES[runtime].runtime;
  opened = await open(workloadNamed(workload));
  for (let i = 0; i < warmups; i++) await opened.run();
  instrument.start();
  const output = await opened.run();
  const { dispatches, trafficBytes } = instrument.read();
  instrument.uninstall();
  throwGpuErrors();
  return { adapter, output: output.slice(), dispatches, trafficBytes };
}

/** Runs for so long warm a process up again after the others' turns; so long are the timed ones. */
const TURN_MS = 200;

async function time({ runs }: TimeRequest): Promise<Timed> {
  if (!opened) throw new Error('Nothing is open.');
  const workload = opened;
  const repeat = async (least: number): Promise<number[]> => {
    const times: number[] = [];
    const end = performance.now() + TURN_MS;
    while (times.length < least || performance.now() < end) {
      const start = performance.now();
      await workload.run();
      times.push(performance.now() - start);
    }
    return times;
  };
  await repeat(1);
  const times = await repeat(runs);
  throwGpuErrors();
  return times;
}

/** Commands that WebGPU refuses are skipped, without an exception: nothing after them counts. */
function throwGpuErrors(): void {
  const errors = takeGpuErrors();
  if (errors.length) throw new Error(`WebGPU reported ${errors.length} errors: ${errors[0]}`);
}

async function answer(request: Request): Promise<Message> {
  try {
    return { result: await (request.kind === 'open' ? open(request) : time(request)) };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

process.on('message', (request: Request) => {
  void answer(request).then((message) => process.send?.(message));
});
process.on('disconnect', () => process.exit());
