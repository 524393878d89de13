/** A model of the visitor's own: from an address or from files, with a picture or random numbers to look at. */
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { setBackend, util, type DataType, type io } from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { seededRandom } from '../../bench/models/random';
import type { OutputValues } from '../../src/measure/inference';
import type { Findings, Score } from '../demo/tasks/task';
import type { Source } from './contender';
import { FrameFitter, type Frames } from './frames';
import type { Moment, Subject } from './subjects';

interface Input {
  name: string;
  /** −1 where the model leaves a dimension open. */
  shape: number[];
  dtype: DataType;
}

/** A picture's height and width where a model leaves them open. */
const OPEN_SIZE = 224;
const MOST_CLASSES = 2000;
const BEST = 5;

/**
 * Reads a model, finds what it wants, and gives it that.
 *
 * @param shapes of inputs, as `name=1,224,224,3 other=1,8`; what is left out is guessed.
 * @throws Error if what is loaded is no model, or an input cannot be made.
 */
export async function ownSubject(
  handler: io.IOHandler,
  shapes: string,
  frames: () => Frames,
): Promise<{ subject: Subject; shapes: string }> {
  if (!handler.load) throw new Error('There is nothing to load.');
  const artifacts = await handler.load();
  const kept = (): io.IOHandler => ({ load: async () => artifacts });
  const isGraph = 'node' in (artifacts.modelTopology as object);
  const found = await (isGraph ? graphInputs(kept()) : layersInputs(kept()));
  const asked = parseShapes(shapes);
  const inputs = found.map((input) => ({
    ...input,
    shape: asked.get(input.name) ?? closeShape(input.shape),
  }));
  const makers = inputs.map((input, at) => inputMaker(input, at, frames));
  const entry = {
    format: isGraph ? 'graph' : 'layers',
    execute: 'async', // serves models with control flow and without
    inputs: inputs.map(({ name, shape, dtype }) => ({ name, shape, dtype: tensorType(dtype) })),
  } satisfies Source['entry'];
  const moment = (): Moment => ({
    values: makers.map((make) => make()),
    describe: describeOutputs,
  });
  return {
    subject: { source: { entry, handler: kept }, moment },
    shapes: inputs.map(({ name, shape }) => `${name}=${shape.join(',')}`).join(' '),
  };
}

async function graphInputs(handler: io.IOHandler): Promise<Input[]> {
  await setBackend('cpu'); // only to look into it
  const model = await loadGraphModel(handler);
  const inputs = model.inputs.map(({ shape, dtype }, at) => ({
    name: model.inputNodes[at],
    shape: shape ?? [1],
    dtype: dtype ?? 'float32',
  }));
  model.dispose();
  return inputs;
}

async function layersInputs(handler: io.IOHandler): Promise<Input[]> {
  await setBackend('cpu');
  const model = await loadLayersModel(handler);
  const inputs = model.inputs.map(({ name, shape, dtype }) => ({
    name,
    shape: shape.map((dim) => dim ?? -1),
    dtype,
  }));
  model.dispose();
  return inputs;
}

/** `name=1,2,3` each, with spaces between. @throws Error at what is not. */
export function parseShapes(text: string): Map<string, number[]> {
  const pairs = text.split(/\s+/).filter(Boolean);
  return new Map(
    pairs.map((pair) => {
      const [, name, dims] = /^(.+)=([\d,]+)$/.exec(pair) ?? [];
      if (!name) throw new Error(`Shapes: got "${pair}"; needs name=1,224,224,3.`);
      return [name, dims.split(',').map(Number)];
    }),
  );
}

/** One example, and for what may be a picture a usual size. */
function closeShape(shape: readonly number[]): number[] {
  const isPicture = shape.length === 4;
  return shape.map((dim, axis) => {
    if (dim > 0) return dim;
    return isPicture && axis > 0 && axis < 3 ? OPEN_SIZE : 1;
  });
}

function tensorType(dtype: DataType): 'float32' | 'int32' {
  if (dtype === 'float32' || dtype === 'int32') return dtype;
  throw new Error(`An input is of ${dtype}; this page makes float32 and int32.`);
}

/** The frame for an input that is a picture in color, else random numbers, always the same. */
function inputMaker(
  { shape, dtype }: Input,
  at: number,
  frames: () => Frames,
): () => Float32Array | Int32Array {
  const isFloat = dtype === 'float32';
  const [batch, height, width, channels] = shape;
  if (shape.length === 4 && batch === 1 && channels === 3) {
    const fitter = new FrameFitter({ width, height, low: 0, high: isFloat ? 1 : 255 });
    return () => {
      const { values } = fitter.fit(frames());
      return isFloat ? values : Int32Array.from(values);
    };
  }
  const random = seededRandom(at + 1);
  const values = Float32Array.from({ length: util.sizeFromShape(shape) }, () => random());
  const made = isFloat ? values.map((value) => 2 * value - 1) : Int32Array.from(values, Math.round);
  return () => made;
}

function describeOutputs(outputs: OutputValues[]): Findings {
  const lines = outputs.map(({ name, shape, values }) => `${name} [${shape}] ${rangeOf(values)}`);
  const [only] = outputs;
  const scores = outputs.length === 1 ? classScores(only) : undefined;
  return { lines, scores };
}

function rangeOf(values: OutputValues['values']): string {
  if (values.length === 0) return 'is empty';
  if (typeof values[0] === 'string') return String(values[0]).slice(0, 40);
  let [low, high] = [Infinity, -Infinity];
  for (const value of values as Float32Array) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return `from ${low.toPrecision(4)} to ${high.toPrecision(4)}`;
}

/** Where the output reads as probabilities of classes. */
function classScores({ shape, values }: OutputValues): Score[] | undefined {
  const classes = shape.at(-1) ?? 0;
  if (shape.length !== 2 || shape[0] !== 1 || classes < 2 || classes > MOST_CLASSES)
    return undefined;
  const shares = Array.from(values as Float32Array);
  const sum = shares.reduce((total, share) => total + share, 0);
  if (Math.abs(sum - 1) > 1e-2 || shares.some((share) => !(share >= 0))) return undefined;
  return shares
    .map((share, index) => ({ label: `class ${index}`, share }))
    .sort((a, b) => b.share - a.share)
    .slice(0, BEST);
}
