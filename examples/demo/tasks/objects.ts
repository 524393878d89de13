/** Objects of everyday life, by CenterNet on MobileNetV3. */
import { findingsOf, keepBest, type Detection } from '../boxes';
import { COCO_CLASSES } from './coco-classes';
import { outputNamed, type DemoTask } from './task';

/** Left, top, right, bottom, score, class. */
const VALUES_PER_DETECTION = 6;

export const objects: DemoTask = {
  title: 'Objects (centernet)',
  model: 'centernet',
  photos: ['cat', 'car', 'friends'],
  input: { width: 512, height: 512, low: 0, high: 255 },
  async describe(outputs, fitted) {
    const rows = outputNamed(outputs, 'tower_0/detections');
    const found: Detection[] = [];
    for (let start = 0; start < rows.length; start += VALUES_PER_DETECTION) {
      const [left, top, right, bottom, score, index] = rows.subarray(start);
      found.push({ label: COCO_CLASSES[index], score, left, top, right, bottom });
    }
    const best = await keepBest(found, { minScore: 0.3 });
    return findingsOf(best, fitted);
  },
};
