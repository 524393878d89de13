/** Boxes of the best scores that do not overlap: what `NonMaxSuppression` makes of shapes. */
import { demand } from './refused';
import { formatShape } from './shape';
import type { InferManyFunction } from './table';

/** Boxes whose scores an invocation of one workgroup can keep. */
export const MAX_BOXES = 2 ** 16;

export interface NonMaxSuppressionAttrs {
  /** Boxes that are selected at most: from 1 to their number. */
  readonly maxOutputSize: number;
  /** A box that overlaps a selected one by as much of what both cover is suppressed. From 0 to 1. */
  readonly iouThreshold: number;
  /** Only scores above it count. */
  readonly scoreThreshold: number;
  /** Where it is not 0, overlaps below the threshold lower a score: by exp(−iou² / 2σ). */
  readonly softNmsSigma: number;
}

/** Indices and scores of the selected boxes, in order, −1 and 0 where there is no other, and how many they are. */
export const nonMaxSuppression: InferManyFunction = ([boxes, scores], attrs) => {
  const { maxOutputSize } = attrs as unknown as NonMaxSuppressionAttrs;
  const [count] = boxes.shape;
  for (const { dtype } of [boxes, scores])
    demand(dtype === 'float32', () => `no form for ${dtype}`);
  demand(
    boxes.shape.length === 2 && boxes.shape[1] === 4 && formatShape(scores.shape) === `[${count}]`,
    () => `boxes ${formatShape(boxes.shape)} for scores ${formatShape(scores.shape)}`,
  );
  demand(count <= MAX_BOXES, () => `${count} boxes, more than the ${MAX_BOXES} of one workgroup`);
  demand(
    Number.isInteger(maxOutputSize) && maxOutputSize > 0 && maxOutputSize <= count,
    () => `${maxOutputSize} of ${count} boxes`,
  );
  const shape = [maxOutputSize];
  return [
    { shape, dtype: 'int32' },
    { shape, dtype: 'float32' },
    { shape: [], dtype: 'int32' },
  ];
};
