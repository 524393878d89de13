/**
 * Steps of training as in two examples of tfjs's, written anew: a network that continues a text character by
 * character, and one with attention that writes dates another way.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { uploadInputs } from '../../src/measure/inference';
import type { OpenWorkload, Workload } from './workload';

/** A model with one batch, which is shown again and again. */
interface Lesson {
  readonly model: layers.LayersModel;
  readonly inputs: readonly tf.Tensor[];
  readonly labels: tf.Tensor;
  readonly optimizer: tf.Optimizer;
}

/** Initial weights that are the same on every backend. */
function seeded(): () => ReturnType<typeof layers.initializers.glorotUniform> {
  let seed = 1;
  return () => layers.initializers.glorotUniform({ seed: seed++ });
}

/** Rows of characters, by their place in an alphabet, as the floats that embeddings take: [rows.length, length]. */
function encode(rows: readonly string[], alphabet: string): tf.Tensor2D {
  return tf.tensor2d(rows.map((row) => [...row].map((character) => alphabet.indexOf(character))));
}

function oneHot(rows: readonly string[], alphabet: string): tf.Tensor {
  return tf.tidy(() => {
    const places = tf.cast(encode(rows, alphabet), 'int32');
    // Cast to floats, stock takes them for integers and cannot transpose them.
    return tf.oneHot(places, alphabet.length, 1, 0, 'float32');
  });
}

const alphabetOf = (text: string): string => [...new Set(text)].sort().join('');

/** Sizes of the network that continues a text. */
export interface TextSizes {
  readonly units: number;
  /** Characters that it sees. */
  readonly length: number;
  readonly batch: number;
}

/** An LSTM over characters of the repository's README, and the character that follows. */
export function textGeneration({ units, length, batch }: TextSizes): Lesson {
  const text = readFileSync(resolve('README.md'), 'utf8').toLowerCase().slice(0, 3000);
  const alphabet = alphabetOf(text);
  const begins = Array.from({ length: batch }, (_, at) => (at * 37) % (text.length - length - 1));
  const initializer = seeded();
  const model = layers.sequential({
    layers: [
      layers.layers.lstm({
        units,
        inputShape: [length, alphabet.length],
        kernelInitializer: initializer(),
        recurrentInitializer: initializer(),
      }),
      layers.layers.dense({
        units: alphabet.length,
        activation: 'softmax',
        kernelInitializer: initializer(),
      }),
    ],
  });
  const rows = begins.map((at) => text.slice(at, at + length));
  const next = begins.map((at) => text[at + length]);
  return {
    model,
    inputs: [oneHot(rows, alphabet)],
    labels: tf.tidy(() => tf.squeeze(oneHot(next, alphabet), [1])),
    optimizer: tf.train.rmsprop(1e-2),
  };
}

class LastStep extends layers.layers.Layer {
  static className = 'LastStep';

  constructor() {
    super({});
  }

  override computeOutputShape([batch, , width]: number[]): number[] {
    return [batch, width];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    const [, steps] = x.shape;
    return tf.squeeze(tf.slice(x, [0, steps - 1, 0], [-1, 1, -1]), [1]);
  }
}

/** Sizes of the network that writes dates. */
export interface DateSizes {
  readonly units: number;
  readonly batch: number;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

/** Days, as `05MAR1987 ` and the like, and as `1987-03-05`. */
function dates(count: number): { from: string[]; to: string[] } {
  const two = (n: number): string => String(n).padStart(2, '0');
  const from: string[] = [];
  const to: string[] = [];
  for (let at = 0; at < count; at++) {
    const [day, month, year] = [1 + ((at * 11) % 28), (at * 5) % 12, 1950 + ((at * 17) % 99)];
    const spelled =
      at % 2 ? `${two(month + 1)}/${two(day)}/${year}` : `${two(day)}${MONTHS[month]}${year}`;
    from.push(spelled.padEnd(10));
    to.push(`${year}-${two(month + 1)}-${two(day)}`);
  }
  return { from, to };
}

/** An encoder and a decoder, both an LSTM, and attention of what is written to what was read. */
export function dateConversion({ units, batch }: DateSizes): Lesson {
  const { from, to } = dates(batch);
  const [source, target] = [alphabetOf(from.join('')), `>${alphabetOf(to.join(''))}`];
  const initializer = seeded();
  const embed = (alphabet: string, length: number): layers.SymbolicTensor[] => {
    const input = layers.input({ shape: [length] });
    const embedding = layers.layers.embedding({
      inputDim: alphabet.length,
      outputDim: units,
      inputLength: length,
      embeddingsInitializer: initializer(),
    });
    return [input, embedding.apply(input) as layers.SymbolicTensor];
  };
  const lstm = (): layers.layers.Layer =>
    layers.layers.lstm({
      units,
      returnSequences: true,
      kernelInitializer: initializer(),
      recurrentInitializer: initializer(),
    });
  const [read, embedded] = embed(source, from[0].length);
  const encoder = lstm().apply(embedded) as layers.SymbolicTensor;
  const last = new LastStep().apply(encoder) as layers.SymbolicTensor;
  const [written, begun] = embed(target, to[0].length);
  const decoder = lstm().apply(begun, { initialState: [last, last] }) as layers.SymbolicTensor;
  const scores = layers.layers.dot({ axes: [2, 2] }).apply([decoder, encoder]);
  const attention = layers.layers.activation({ activation: 'softmax' }).apply(scores);
  const context = layers.layers
    .dot({ axes: [2, 1] })
    .apply([attention as layers.SymbolicTensor, encoder]);
  const combined = layers.layers
    .concatenate()
    .apply([context as layers.SymbolicTensor, decoder]) as layers.SymbolicTensor;
  const each = (width: number, activation: 'tanh' | 'softmax'): layers.layers.Layer =>
    layers.layers.timeDistributed({
      layer: layers.layers.dense({ units: width, activation, kernelInitializer: initializer() }),
    });
  const hidden = each(units, 'tanh').apply(combined);
  const outputs = each(target.length, 'softmax').apply(hidden) as layers.SymbolicTensor;
  return {
    model: layers.model({ inputs: [read, written], outputs }),
    inputs: [
      encode(from, source),
      encode(to.map((date) => `>${date.slice(0, -1)}`), target), // prettier-ignore
    ],
    labels: oneHot(to, target),
    optimizer: tf.train.adam(),
  };
}

/** Opens a lesson; each run is a step, and gives its loss. */
export function study({ model, inputs, labels, optimizer }: Lesson): OpenWorkload {
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const loss = (): tf.Scalar => {
    const answer = model.apply([...inputs], { training: true }) as tf.Tensor;
    return tf.mean(layers.metrics.categoricalCrossentropy(labels, answer));
  };
  return {
    run: () => [optimizer.minimize(loss, true, variables) as tf.Scalar],
    dispose() {
      tf.dispose([...inputs, labels]);
      optimizer.dispose();
      model.dispose();
    },
  };
}

const workload = (name: string, prepare: () => Lesson): Workload => ({
  name: `${name}, training step`,
  group: 'training',
  share: 0.25,
  async open() {
    const lesson = prepare();
    uploadInputs(Object.fromEntries([...lesson.inputs, lesson.labels].entries()));
    return study(lesson);
  },
});

export const textTraining: readonly Workload[] = [
  workload('text generation', () => textGeneration({ units: 128, length: 40, batch: 64 })),
  workload('date conversion', () => dateConversion({ units: 64, batch: 64 })),
];
