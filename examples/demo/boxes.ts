/** Boxes that detectors find. */
import { image, tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import type { Fitted } from './resample';
import type { Findings, PictureBox } from './tasks/task';

/** A detection, in pixels of the model's input. */
export interface Detection {
  label: string;
  score: number;
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Keeps the best of overlapping boxes (non-maximum suppression), best first. */
export async function keepBest(
  detections: Detection[],
  {
    minScore,
    maxOverlap = 0.4,
    most = 12,
  }: { minScore: number; maxOverlap?: number; most?: number },
): Promise<Detection[]> {
  if (detections.length === 0) return [];
  const corners = detections.map(({ top, left, bottom, right }) => [top, left, bottom, right]);
  const [boxes, scores] = [tensor2d(corners), tensor1d(detections.map(({ score }) => score))];
  const kept = await image.nonMaxSuppressionAsync(boxes, scores, most, maxOverlap, minScore);
  const indices = await kept.data();
  for (const tensor of [boxes, scores, kept]) tensor.dispose();
  return Array.from(indices, (index) => detections[index]);
}

/** Detections as lines and as boxes, in pixels of the picture. */
export function findingsOf(detections: readonly Detection[], { toPicture }: Fitted): Findings {
  const boxes = detections.map(({ label, score, left, top, right, bottom }): PictureBox => {
    const [x, y] = toPicture(left, top).map(Math.round);
    const [endX, endY] = toPicture(right, bottom).map(Math.round);
    const text = `${label} ${(100 * score).toFixed(1)}%`;
    return { text, x, y, width: endX - x, height: endY - y };
  });
  const lines = boxes.map(
    ({ text, x, y, width, height }) => `${text} at (${x}, ${y}), ${width}×${height}`,
  );
  return { lines, boxes };
}
