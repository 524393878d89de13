/** Is a picture safe for work? nsfwjs's classifier, a MobileNetV2. */
import type { DemoTask } from './task';

const CLASSES = ['Drawing', 'Hentai', 'Neutral', 'Porn', 'Sexy'];

/** The least share that is worth a line. */
const LEAST = 0.01;

export const safety: DemoTask = {
  title: 'Safe for work? (nsfwjs mobilenet_v2_mid)',
  model: 'nsfw-mobilenet_v2_mid',
  photos: ['cat', 'car'],
  input: { width: 224, height: 224, low: 0, high: 1 },
  describe([{ values }]) {
    const scores = Array.from(values as Float32Array, (share, index) => ({
      label: CLASSES[index],
      share,
    })).sort((a, b) => b.share - a.share);
    const lines = scores
      .slice(0, 2)
      .map(({ label, share }) => `${label} ${(100 * share).toFixed(2)}%`);
    return { lines, scores: scores.filter(({ share }) => share >= LEAST) };
  },
};
