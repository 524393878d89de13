/** What a demo task is: a model, photographs for it, and how to read its outputs. */
import type { OutputValues } from '../../../src/measure/inference';
import type { PhotoName } from '../photos';
import type { Fitted, InputSize } from '../resample';

/** A box in pixels of the picture, and what it says. */
export interface PictureBox {
  text: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A share from 0 to 1 for every pixel of a grid that covers the picture. */
export interface PictureMask {
  width: number;
  height: number;
  values: Float32Array;
}

/** A point in pixels of the picture, and what it is. */
export interface PicturePoint {
  text: string;
  x: number;
  y: number;
}

/** How much of something there is, from 0 to 1. */
export interface Score {
  label: string;
  share: number;
}

/** What a model sees in a picture. */
export interface Findings {
  lines: string[];
  boxes?: PictureBox[];
  mask?: PictureMask;
  points?: PicturePoint[];
  /** Pairs of points with a line between them. */
  limbs?: (readonly [PicturePoint, PicturePoint])[];
  /** The best answers of a classifier, best first. */
  scores?: Score[];
}

/** One task of the demo. */
export interface DemoTask {
  title: string;
  /** Name in the table of models. */
  model: string;
  photos: PhotoName[];
  input: InputSize;
  /** What the outputs say. */
  describe(outputs: OutputValues[], fitted: Fitted): Findings | Promise<Findings>;
}

/** The output of this name, as numbers. */
export function outputNamed(outputs: OutputValues[], name: string): Float32Array {
  const output = outputs.find((candidate) => candidate.name === name);
  if (output?.values instanceof Float32Array) return output.values;
  throw new Error(`No float output named ${name}; there are ${outputs.map((o) => o.name).join()}`);
}
