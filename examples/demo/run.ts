/** Runs tasks of the demo: fused first, which is what there is to see; then stock, to compare. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { registerBackends } from '../../bench/harness/backends';
import { explainModel } from '../../bench/harness/fused-api';
import { prepareGpu } from '../../bench/harness/prepare-gpu';
import { selectModels } from '../../bench/models/zoo';
import { compareOutputs } from '../../src/measure/accuracy';
import { takeGpuErrors } from '../../src/measure/gpu-errors';
import type { OutputValues } from '../../src/measure/inference';
import { GpuInstrument } from '../../src/measure/instrument';
import { summarize } from '../../src/measure/statistics';
import { Contender } from './contender';
import type { DemoOptions, TaskName } from './main';
import { demoPage, type Comparison, type Side } from './page';
import { loadPhoto, type Picture } from './photos';
import { fusionText, printSideBySide, say, showProgress } from './print';
import { fitPicture } from './resample';
import { TASKS } from './tasks';
import type { DemoTask } from './tasks/task';

/** Runs before anything is counted or timed: shaders get compiled, plans captured. */
const WARMUPS = 4;

/** What one contender saw in one photograph, and what it took. */
interface Look extends Side {
  contender: Contender;
  picture: Picture;
  inputs: tf.NamedTensorMap;
  outputs: OutputValues[];
}

export async function runDemo(names: readonly TaskName[], options: DemoOptions): Promise<void> {
  const start = performance.now();
  prepareGpu();
  const instrument = new GpuInstrument();
  instrument.install();
  const backends = await registerBackends('webgpu-fused');
  const shown: Comparison[] = [];
  const draw = (now: readonly Comparison[], goesOn: boolean): void =>
    writeFileSync(options.html, demoPage(now, goesOn));
  for (const name of names) {
    const task: DemoTask = TASKS[name];
    const [entry] = selectModels([task.model]);
    say(`\n━━ ${task.title}`);
    const fused = await Contender.load(entry, backends.candidate);
    await fused.warmUp(showProgress);
    const report = fused.model.graph && (await explainModel(fused.model.graph));
    const what = report ? fusionText(report) : '';
    const said = { title: task.title, fusion: what };
    const looks: Look[] = [];
    for (const photo of task.photos) {
      const look = await lookAt(fused, task, await loadPhoto(photo), instrument);
      looks.push(look);
      say(
        `${photo}, after ${((performance.now() - start) / 1000).toFixed(1)} s on ${fused.backend}:`,
      );
      for (const line of look.findings.lines) say(`  ${line}`);
      const alone = looks.map((each) => ({ ...said, picture: each.picture, fused: each }));
      draw([...shown, ...alone], true);
      if (shown.length === 0 && looks.length === 1) showFirst(options);
    }
    showProgress('stock webgpu compiles its shaders, to compare');
    const stock = await Contender.load(entry, backends.stock);
    for (const after of looks) {
      const { picture } = after;
      const before = await lookAt(stock, task, picture, instrument);
      await timeInTurn([before, after], options.reps, instrument);
      const comparison = { ...said, picture, stock: before, fused: after };
      printComparison(comparison);
      shown.push(comparison);
      tf.dispose([before.inputs, after.inputs]);
    }
    say(what);
    stock.dispose();
    fused.dispose();
    draw(shown, name !== names.at(-1));
  }
  say(`\nThe picture: ${resolve(options.html)}`);
}

/** What there is to see before stock has compiled its shaders; the page loads itself again as more comes. */
function showFirst({ html, open }: DemoOptions): void {
  say(`The picture so far: ${resolve(html)}; it grows, and stock comes last, to compare.`);
  if (open) openFile(resolve(html));
}

/** One photograph through one model: what is seen, and how many dispatches that takes. */
async function lookAt(
  contender: Contender,
  task: DemoTask,
  picture: Picture,
  instrument: GpuInstrument,
): Promise<Look> {
  const fitted = fitPicture(picture, task.input);
  const inputs = await contender.upload(fitted);
  const outputs = await contender.run(inputs);
  const dispatches = await contender.countDispatches(inputs, instrument);
  const [error] = takeGpuErrors();
  if (error !== undefined) throw new Error(`WebGPU reported: ${error}`);
  const findings = await task.describe(outputs, fitted);
  return { contender, picture, inputs, outputs, dispatches, findings, milliseconds: NaN };
}

async function timeInTurn(
  looks: readonly Look[],
  reps: number,
  instrument: GpuInstrument,
): Promise<void> {
  instrument.uninstall();
  const times = looks.map((): number[] => []);
  for (const { contender, inputs } of looks) {
    for (let run = 0; run < WARMUPS; run++) await contender.run(inputs);
  }
  for (let rep = 0; rep < reps; rep++) {
    const order = [...looks.keys()];
    if (rep % 2) order.reverse();
    for (const at of order) times[at].push(await looks[at].contender.time(looks[at].inputs));
  }
  instrument.install();
  looks.forEach((look, at) => (look.milliseconds = summarize(times[at]).median));
}

function printComparison({
  picture,
  stock,
  fused,
}: {
  picture: Picture;
  stock: Look;
  fused: Look;
}): void {
  const { relative } = compareOutputs(fused.outputs, stock.outputs);
  say(`\n${picture.name} (${picture.width}×${picture.height})`);
  printSideBySide(
    { title: stock.contender.backend, lines: stock.findings.lines },
    { title: fused.contender.backend, lines: fused.findings.lines },
  );
  const [before, after] = [stock.milliseconds, fused.milliseconds];
  say(
    `  dispatches ${stock.dispatches} → ${fused.dispatches}, ` +
      `${before.toFixed(0)} → ${after.toFixed(0)} ms (${(before / after).toFixed(2)}×), ` +
      `largest difference ${relative.toExponential(1)} of the largest output`,
  );
}

/** Opens a file in the browser of the desktop, where there is one. */
function openFile(file: string): void {
  const programs: Partial<Record<NodeJS.Platform, string[]>> = {
    darwin: ['open'],
    win32: ['cmd', '/c', 'start', ''],
  };
  const [program, ...args] = programs[process.platform] ?? ['xdg-open'];
  const child = spawn(program, [...args, file], { detached: true, stdio: 'ignore' });
  child.on('error', () => say(`  ${program} is not there: open the file by hand.`));
  child.unref();
}
