/** What the frames benchmark measures. */
import type { Summary } from '../../src/measure/statistics';

/** Where the pixels come from. */
export const SOURCES = ['video', 'canvas', 'bitmap'] as const;
export type SourceName = (typeof SOURCES)[number];

/** What one kind of source came to. */
export interface FramesResult {
  readonly source: SourceName;
  /** Whether its pixels are read where the browser has them, and not copied to a texture first. */
  readonly isExternal: boolean;
  readonly frames: number;
  /** Dispatches of each frame, and of the same with a tensor as input; all different ones. */
  readonly dispatches: readonly number[];
  readonly dispatchesOfTensor: readonly number[];
  readonly stockDispatches: readonly number[];
  /** Milliseconds from the call until everything is on its way. */
  readonly js: Summary;
  readonly jsOfTensor: Summary;
  /** What of `js` is the browser's own copy of the pixels to a texture, by way of a canvas where it is a video. */
  readonly jsOfCopy: Summary;
  /** Milliseconds of a tensor as input that stock's `fromPixels` makes of the same source, in front of the call. */
  readonly jsOfStock: Summary;
  /** Pipelines from the second frame on. */
  readonly pipelines: number;
  /** Largest difference of the elements of frames from stock's, of 255. */
  readonly pixelError: number;
  /** Largest difference of the model's answers, of their range. */
  readonly error: number;
  /** What `tf.memory()` holds more at the end than after the second frame. */
  readonly growth: Readonly<Record<string, number>>;
}
