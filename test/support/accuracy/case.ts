/** Accuracy cases: a written-out form, inputs that try it, and float64's answer. */
import type { GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { errorInUlps } from '../float64/error';
import { BlockWriter } from '../transformers/writer';

export interface Feed {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A part of the output that is judged by itself, such as one row. */
export interface Part {
  readonly name: string;
  /** Flat positions of its elements. */
  readonly at: readonly number[];
  /**
   * Errors of up to so many ulp are roundings that neither side can help; which of two correct
   * implementations has the smaller one is then chance.
   */
  readonly floor: number;
}

export interface AccuracyCase {
  /** What is computed and how it is written, and at which size. */
  readonly form: string;
  readonly size: string;
  /** The model: placeholders named as the feeds are, and a node `y`. */
  readonly write: () => BlockWriter;
  readonly feeds: Readonly<Record<string, Feed>>;
  readonly expected: ArrayLike<number>;
  readonly parts: readonly Part[];
  /** Kernel that must be in the label of a dispatch if the form is recognised; null if any will do. */
  readonly kernel: string | null;
}

/** A writer for models without weights. */
export function formWriter(): BlockWriter {
  return new BlockWriter({ batch: 1, tokens: 1, width: 1, heads: 1, hidden: 1, layers: 1 });
}

/** Runs a case's model on the current backend; the callback sees it before it is disposed. */
export async function answerOf(
  entry: AccuracyCase,
  inspect: (model: GraphModel) => void = () => undefined,
): Promise<Float32Array> {
  const model = entry.write().load();
  const feeds = Object.fromEntries(
    Object.entries(entry.feeds).map(([name, { shape, values }]) => [
      name,
      tf.tensor(values, [...shape]),
    ]),
  );
  const y = model.execute(feeds, 'y') as tf.Tensor;
  const values = await y.data<'float32'>();
  inspect(model);
  tf.dispose([y, feeds]);
  model.dispose();
  return values;
}

/** Error of each part, in ulp of its largest element. */
export function errorsOf({ parts, expected }: AccuracyCase, actual: Float32Array): number[] {
  return parts.map(({ at }) =>
    errorInUlps(
      at.map((i) => actual[i]),
      at.map((i) => expected[i]),
    ),
  );
}

/** Positions from `begin` up to `end`. */
export function range(begin: number, end: number): number[] {
  return Array.from({ length: end - begin }, (_, i) => begin + i);
}
