/** Faces, by MediaPipe's BlazeFace. */
import { findingsOf, keepBest, type Detection } from '../boxes';
import { outputNamed, type DemoTask } from './task';

const SIZE = 256;

/** Two layers of anchors: grid cells of so many pixels, with so many anchors in each. */
const LAYERS = [
  { cell: 16, anchors: 2, scores: 'Identity', boxes: 'Identity_2' },
  { cell: 32, anchors: 6, scores: 'Identity_1', boxes: 'Identity_3' },
];

/** Center x and y, width and height; then six points of the face. */
const VALUES_PER_BOX = 16;

export const faces: DemoTask = {
  title: 'Faces (blazeface)',
  model: 'blazeface',
  photos: ['friends', 'group'],
  input: { width: SIZE, height: SIZE, low: -1, high: 1, letterbox: true },
  async describe(outputs, fitted) {
    const found = LAYERS.flatMap(({ cell, anchors, scores, boxes }) =>
      decodeLayer(cell, anchors, outputNamed(outputs, scores), outputNamed(outputs, boxes)),
    );
    const best = await keepBest(found, { minScore: 0.5, maxOverlap: 0.3 });
    return findingsOf(best, fitted);
  },
};

/** Boxes lie relative to the center of their anchor's cell, in pixels; scores are logits. */
function decodeLayer(
  cell: number,
  anchors: number,
  scores: Float32Array,
  boxes: Float32Array,
): Detection[] {
  const columns = SIZE / cell;
  return Array.from(scores, (logit, index) => {
    const position = Math.floor(index / anchors);
    const [x, y, width, height] = boxes.subarray(index * VALUES_PER_BOX);
    const centerX = x + ((position % columns) + 0.5) * cell;
    const centerY = y + (Math.floor(position / columns) + 0.5) * cell;
    return {
      label: 'face',
      score: 1 / (1 + Math.exp(-logit)),
      left: centerX - width / 2,
      top: centerY - height / 2,
      right: centerX + width / 2,
      bottom: centerY + height / 2,
    };
  });
}
