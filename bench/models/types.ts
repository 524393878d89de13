/** What the table of models (`zoo.ts`) is made of. */

/** How the values of an input are made: realistic for the model, and the same on every machine. */
export type InputContent =
  /** A smooth picture with some noise, in a range of values. */
  | { kind: 'image'; low: number; high: number }
  /** A few notes with overtones, between -1 and 1, at 22,050 samples a second. */
  | { kind: 'audio' }
  /** The bytes of a source file, padded with 256 at the end, as magika reads it. */
  | { kind: 'bytes' }
  /** A source file as one string. */
  | { kind: 'text' };

/** One input of a model. */
export interface InputSpec {
  name: string;
  shape: number[];
  dtype: 'float32' | 'int32' | 'string';
  content: InputContent;
}

/** A file of a public npm package, fetched on demand. */
export interface PackageSource {
  /** `name@version`. */
  package: string;
  /** Of the packed archive, as the registry publishes it; a fetched archive must match. */
  integrity: string;
  /** Path of the model's JSON (or JavaScript) inside the package. */
  file: string;
}

/** A file that lives beside the table. */
export interface BundledSource {
  /** Path inside `bench/models`. */
  bundled: string;
}

/** What the stock `webgpu` backend (tfjs 4.22) needs for one warm inference, and what could do. */
export interface StockCost {
  dispatches: number;
  /**
   * Dispatches that remain when every elementwise kernel joins a producer or a consumer, data
   * movement becomes index maps and composites take one dispatch. A greedy estimate, no proof.
   */
  floor: number;
  /** Where a closer look gave another floor than the greedy estimate. */
  honestFloor?: number;
  /** Dispatches above the floor that are meant to be there, and why. */
  aboveFloor?: { dispatches: number; reason: string };
  /** Depthwise convolutions that feed only a 1×1 convolution: fusing them goes below the floor. */
  depthwisePointwise: number;
}

/** One model of the table. */
export interface ModelEntry {
  name: string;
  format: 'graph' | 'layers';
  source: PackageSource | BundledSource;
  /** `nsfwjs` wraps JSON and weights in minified JavaScript. */
  encoding?: 'nsfwjs';
  inputs: InputSpec[];
  /** `async` where the graph has control flow: `executeAsync`. */
  execute: 'sync' | 'async';
  /** Absent where stock `webgpu` cannot run the model. */
  stock?: StockCost;
  /** Why stock `webgpu` cannot run it. */
  stockFails?: string;
  /** Only the topology is of interest: too large to run, a test of the rewriter's own speed. */
  topologyOnly?: boolean;
}
