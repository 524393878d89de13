/** What a demo task is: a model, photographs for it, and how to read its outputs. */
import type { OutputValues } from '../../../bench/harness/session';
import type { PhotoName } from '../photos';
import type { Fitted, InputSize } from '../resample';

/** One task of the demo. */
export interface DemoTask {
  title: string;
  /** Name in the table of models. */
  model: string;
  photos: PhotoName[];
  input: InputSize;
  /** What the outputs say, in lines. */
  describe(outputs: OutputValues[], fitted: Fitted): string[] | Promise<string[]>;
}

/** The output of this name, as numbers. */
export function outputNamed(outputs: OutputValues[], name: string): Float32Array {
  const output = outputs.find((candidate) => candidate.name === name);
  if (output?.values instanceof Float32Array) return output.values;
  throw new Error(`No float output named ${name}; there are ${outputs.map((o) => o.name).join()}`);
}
