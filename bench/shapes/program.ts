/** What the benchmark of shapes runs: a program that takes inputs of any of its sizes. */
import type { GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { seededRandom } from '../models/random';

/** Sizes of one call, by name: batch, length, height, width. */
export type Sizes = Readonly<Record<string, number>>;

/** A program with its weights on one backend. */
export interface OpenProgram {
  /** The graph model, if it is one. */
  readonly graph?: GraphModel;
  /** Runs once; the caller disposes of the results. */
  run(inputs: readonly tf.Tensor[]): tf.Tensor[];
  dispose(): void;
}

export interface ShapeProgram {
  readonly name: string;
  /** What varies, and between which sizes, both included. */
  readonly ranges: Readonly<Record<string, readonly [min: number, max: number]>>;
  /** Inputs on the active backend; the same for the same sizes and seed. */
  inputs(sizes: Sizes, seed: number): tf.Tensor[];
  /** Opens it on the active backend, with the same weights on every backend. */
  open(): Promise<OpenProgram>;
  /** Largest difference from stock and `cpu`, relative to the largest element. */
  readonly tolerance: number;
}

/** A series of sizes without repetition, the same for the same seed. */
export function drawSizes({ ranges }: ShapeProgram, count: number, seed: number): Sizes[] {
  const random = seededRandom(seed);
  const known = new Set<string>();
  const drawn: Sizes[] = [];
  // A program of few sizes has no more than there are.
  for (let tries = 0; drawn.length < count && tries < 50 * count; tries++) {
    const entries = Object.entries(ranges).map(([name, [min, max]]): [string, number] => [
      name,
      min + Math.floor(random() * (max - min + 1)),
    ]);
    const key = entries.join();
    if (known.has(key)) continue;
    known.add(key);
    drawn.push(Object.fromEntries(entries));
  }
  return drawn;
}

/** Sizes as text: `batch 2, tokens 17`. */
export function describeSizes(sizes: Sizes): string {
  return Object.entries(sizes)
    .map(([name, size]) => `${name} ${size}`)
    .join(', ');
}

/** Numbers in [-1, 1). */
export function numbers(shape: number[], seed: number): tf.Tensor {
  const random = seededRandom(seed);
  const values = Float32Array.from(
    { length: tf.util.sizeFromShape(shape) },
    () => 2 * random() - 1,
  );
  return tf.tensor(values, shape);
}

/** Whole numbers in [1, end); the last quarter of each row is 0, as padding is. */
export function tokens(shape: [number, number], end: number, seed: number): tf.Tensor {
  const random = seededRandom(seed);
  const [batch, length] = shape;
  const used = Math.ceil(length * 0.75);
  const values = Int32Array.from({ length: batch * length }, (_, at) =>
    at % length < used ? 1 + Math.floor(random() * (end - 1)) : 0,
  );
  return tf.tensor(values, shape, 'int32');
}
