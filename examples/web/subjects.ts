/** What the page lets a model look at, and how its answers are read: pictures and text. */
import { io } from '@tensorflow/tfjs-core';
import { selectModels } from '../../bench/models/zoo';
import type { OutputValues } from '../../src/measure/inference';
import type { DemoTask, Findings } from '../demo/tasks/task';
import contentTypes from '../shared/content-types.json';
import type { Source, Values } from './contender';
import { FrameFitter, type Frames } from './frames';
import { FILE_TYPE_MODEL } from './models';

/** What goes into a model now, and how to read what comes out. */
export interface Moment {
  values: Values;
  describe(outputs: OutputValues[]): Findings | Promise<Findings>;
}

/** A model with what it looks at. */
export interface Subject {
  source: Source;
  moment(): Moment;
}

const fromSite = (name: string): Source => ({
  entry: selectModels([name])[0],
  handler: () => io.http(`models/${name}/model.json`),
});

/** A task of the demo, on whatever frame there is. */
export function pictureSubject(task: DemoTask, frames: () => Frames): Subject {
  const source = fromSite(task.model);
  const fitter = new FrameFitter(task.input);
  const [{ dtype }] = source.entry.inputs;
  return {
    source,
    moment() {
      const fitted = fitter.fit(frames());
      const values = dtype === 'int32' ? Int32Array.from(fitted.values) : fitted.values;
      return { values: [values], describe: (outputs) => task.describe(outputs, fitted) };
    },
  };
}

/** As the model reads a file: its first and its last bytes; 256 stands for no byte. */
const HALF = 1024;
const NO_BYTE = 256;
const BEST = 5;

export function textSubject(bytes: () => Uint8Array): Subject {
  return {
    source: fromSite(FILE_TYPE_MODEL),
    moment: () => ({ values: [encodeBytes(bytes())], describe: describeKinds }),
  };
}

export function encodeBytes(bytes: Uint8Array): Int32Array {
  const codes = new Int32Array(2 * HALF).fill(NO_BYTE);
  codes.set(bytes.subarray(0, HALF), 0);
  const end = bytes.subarray(Math.max(0, bytes.length - HALF));
  codes.set(end, 2 * HALF - end.length);
  return codes;
}

function describeKinds([{ values }]: OutputValues[]): Findings {
  const scores = Array.from(values as Float32Array, (share, at) => ({
    label: contentTypes[at],
    share,
  }))
    .sort((a, b) => b.share - a.share)
    .slice(0, BEST);
  return {
    scores,
    lines: scores.map(({ label, share }) => `${label} ${(100 * share).toFixed(2)}%`),
  };
}
