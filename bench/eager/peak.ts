/** Peak memory of one workload on one side, in a process of its own. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { registerBackends, type Side } from '../harness/backends';
import { prepareGpu } from '../harness/prepare-gpu';
import { GpuInstrument } from '../../src/measure/instrument';
import { registerCustomLayers } from './custom-layers';
import { OpenSide } from './side';
import { workloadNamed } from './workloads';

const RUNS = 5;

interface Task {
  name: string;
  side: Side;
}

/** The most bytes that GPU buffers hold at once over a few runs. */
export function measurePeak(task: Task): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.on('message', (bytes: number) => resolve(bytes));
    child.on('exit', (code) =>
      reject(new Error(`the process that measured memory ended (${code})`)),
    );
    child.send(task);
  });
}

async function measureHere({ name, side }: Task): Promise<number> {
  prepareGpu();
  const instrument = new GpuInstrument();
  instrument.install();
  const names = await registerBackends('webgpu-fused');
  tf.env().set('WEBGPU_FUSED_LAZY', true);
  registerCustomLayers();
  instrument.start();
  const open = await OpenSide.open(workloadNamed(name), names[side]);
  for (let i = 0; i < RUNS; i++) await open.run();
  return instrument.read().peakBytes;
}

if (process.send && process.argv[1] === fileURLToPath(import.meta.url)) {
  process.once('message', (task: Task) => {
    void measureHere(task).then((bytes) =>
      process.send?.(bytes, undefined, {}, () => process.exit(0)),
    );
  });
}
