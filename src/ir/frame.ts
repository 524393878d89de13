/** Frames: pixels that come as a texture, and are read by whatever kernel needs them. */
import type { GraphBuilder } from './builder';
import type { Value } from './graph';

/** What is known of a frame. */
export interface FrameSpec {
  /** Height, width and channels of the tensor that stands for it. */
  readonly shape: readonly number[];
  /** Whether the texture is the browser's, which lives until the task ends. */
  readonly isExternal: boolean;
}

/** The elements of a frame that is an input of the graph. */
export function readFrame(
  b: GraphBuilder,
  { shape: [height, width, channels], isExternal }: FrameSpec,
  name?: string,
): Value {
  const frame = b.input({ shape: [height, width], dtype: 'int32', name, isFrame: true });
  return b.op('FromPixels', [frame], { channels, isExternal });
}

/** Tells plans for frames from those for tensors, and for frames of other sizes. */
export function frameKey(frame: FrameSpec | undefined): string {
  return frame ? `${frame.isExternal ? 'external' : 'texture'} ${frame.shape.join()};` : '';
}
