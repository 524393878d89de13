/** Is a picture safe for work? nsfwjs's classifier, a MobileNetV2. */
import type { DemoTask } from './task';

const CLASSES = ['Drawing', 'Hentai', 'Neutral', 'Porn', 'Sexy'];

export const safety: DemoTask = {
  title: 'Safe for work? (nsfwjs mobilenet_v2_mid)',
  model: 'nsfw-mobilenet_v2_mid',
  photos: ['cat', 'car'],
  input: { width: 224, height: 224, low: 0, high: 1 },
  describe([{ values }]) {
    const lines = Array.from(values as Float32Array, (probability, index) => ({
      index,
      probability,
    }))
      .sort((a, b) => b.probability - a.probability)
      .slice(0, 2)
      .map(({ index, probability }) => `${CLASSES[index]} ${(100 * probability).toFixed(2)}%`);
    return { lines };
  },
};
