/** Which pixels show people? MediaPipe's segmentation of Google Meet. */
import type { DemoTask } from './task';

const WIDTH = 256;
const HEIGHT = 144;
const CELL = { width: 8, height: 9 };

/** From background to person. */
const SHADES = ' .:*#';

export const people: DemoTask = {
  title: 'People (meet segmentation)',
  model: 'meet',
  photos: ['friends', 'group'],
  input: { width: WIDTH, height: HEIGHT, low: 0, high: 1 },
  describe([{ values }]) {
    const person = personProbability(values as Float32Array);
    const share = person.filter((probability) => probability > 0.5).length / person.length;
    return {
      lines: [`person: ${(100 * share).toFixed(2)}% of the pixels`, ...drawMask(person)],
      mask: { width: WIDTH, height: HEIGHT, values: person },
    };
  },
};

/** Two values a pixel, background and person; softmax makes them probabilities. */
function personProbability(logits: Float32Array): Float32Array {
  return Float32Array.from({ length: logits.length / 2 }, (_, pixel) => {
    return 1 / (1 + Math.exp(logits[2 * pixel] - logits[2 * pixel + 1]));
  });
}

function drawMask(person: Float32Array): string[] {
  const lines: string[] = [];
  for (let top = 0; top < HEIGHT; top += CELL.height) {
    let line = '';
    for (let left = 0; left < WIDTH; left += CELL.width) {
      let sum = 0;
      for (let y = top; y < top + CELL.height; y++) {
        for (let x = left; x < left + CELL.width; x++) sum += person[y * WIDTH + x];
      }
      const mean = sum / (CELL.width * CELL.height);
      line += SHADES[Math.min(SHADES.length - 1, Math.floor(mean * SHADES.length))];
    }
    lines.push(line);
  }
  return lines;
}
