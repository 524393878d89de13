/**
 * The demo: real models look at real photographs, on stock `webgpu` and on `webgpu-fused`, side by
 * side. They should see the same; one of them with fewer dispatches.
 */
import * as tf from '@tensorflow/tfjs-core';
import { Command, Option } from 'commander';
import { compareOutputs } from '../../bench/harness/accuracy';
import { CANDIDATES, registerBackends, type Candidate } from '../../bench/harness/backends';
import { takeGpuErrors } from '../../bench/harness/gpu-errors';
import { prepareGpu } from '../../bench/harness/prepare-gpu';
import { explainModel } from '../../bench/harness/fused-api';
import { GpuInstrument } from '../../bench/harness/instrument/instrument';
import { summarize } from '../../bench/harness/statistics';
import { selectModels } from '../../bench/models/zoo';
import { Contender } from './contender';
import { loadPhoto, type PhotoName } from './photos';
import { printFusion, printSideBySide, say } from './print';
import { fitPicture } from './resample';
import { faces } from './tasks/faces';
import { objects } from './tasks/objects';
import { people } from './tasks/people';
import { safety } from './tasks/safety';
import type { DemoTask } from './tasks/task';

const TASKS: Record<string, DemoTask> = { faces, objects, safety, people };

/** Runs before anything is counted or timed: shaders get compiled, plans captured. */
const WARMUPS = 4;

interface Options {
  candidate: Candidate;
  reps: string;
}

interface Setting {
  contenders: [stock: Contender, candidate: Contender];
  instrument: GpuInstrument;
  reps: number;
}

async function main(): Promise<void> {
  const command = new Command('demo')
    .description('Real models look at real photographs, on stock webgpu and on webgpu-fused.')
    .argument('[tasks...]', `some of: ${Object.keys(TASKS).join(', ')} (default: all)`)
    .option('--reps <n>', 'timed runs of each side', '5')
    .addOption(
      new Option('--candidate <backend>', 'what runs beside stock')
        .choices(CANDIDATES)
        .default('webgpu-fused'),
    )
    .parse();
  const { candidate, reps } = command.opts<Options>();
  const names = command.args.length ? command.args : Object.keys(TASKS);
  const unknown = names.filter((name) => !(name in TASKS));
  if (unknown.length) throw new Error(`No task named ${unknown.join(', ')}; see --help.`);

  prepareGpu();
  const instrument = new GpuInstrument();
  instrument.install();
  const backends = await registerBackends(candidate);
  for (const name of names) {
    const task = TASKS[name];
    const [entry] = selectModels([task.model]);
    const stock = await Contender.load(entry, backends.stock);
    const other = await Contender.load(entry, backends.candidate);
    const setting: Setting = { contenders: [stock, other], instrument, reps: Number(reps) };
    say(`\n━━ ${task.title}`);
    for (const photo of task.photos) await showPhoto(task, photo, setting);
    const { graph } = other.model;
    const report = candidate === 'webgpu-fused' && graph && (await explainModel(graph));
    if (report) printFusion(report);
    stock.dispose();
    other.dispose();
  }
}

/** One photograph through both, what they found, and what it took. */
async function showPhoto(task: DemoTask, photo: PhotoName, setting: Setting): Promise<void> {
  const { contenders, instrument, reps } = setting;
  const picture = await loadPhoto(photo);
  const fitted = fitPicture(picture, task.input);
  const sides = [];
  for (const contender of contenders) {
    const inputs = await contender.upload(fitted);
    for (let run = 0; run < WARMUPS; run++) await contender.run(inputs);
    const dispatches = await contender.countDispatches(inputs, instrument);
    const outputs = await contender.run(inputs);
    const lines = await task.describe(outputs, fitted);
    sides.push({ contender, inputs, dispatches, outputs, lines, times: [] as number[] });
  }
  const gpuErrors = takeGpuErrors();
  if (gpuErrors.length) throw new Error(`WebGPU reported: ${gpuErrors[0]}`);

  instrument.uninstall();
  for (let rep = 0; rep < reps; rep++) {
    const order = rep % 2 ? [...sides].reverse() : sides;
    for (const { contender, inputs, times } of order) times.push(await contender.time(inputs));
  }
  instrument.install();
  for (const { inputs } of sides) tf.dispose(inputs);

  const [stock, other] = sides;
  const { relative } = compareOutputs(other.outputs, stock.outputs);
  say(`\n${picture.name} (${picture.width}×${picture.height})`);
  printSideBySide(
    { title: stock.contender.backend, lines: stock.lines },
    { title: other.contender.backend, lines: other.lines },
  );
  const [before, after] = [summarize(stock.times).median, summarize(other.times).median];
  say(
    `  dispatches ${stock.dispatches} → ${other.dispatches}, ` +
      `${before.toFixed(0)} → ${after.toFixed(0)} ms (${(before / after).toFixed(2)}×, ` +
      `median of ${reps}), largest difference ${relative.toExponential(1)} of the largest output`,
  );
}

try {
  await main();
  process.exit(0);
} catch (error) {
  process.stderr.write(`[demo] ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
