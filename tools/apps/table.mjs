// The apps, where each ends within minutes on a software adapter, and how far its answers may be apart.

/**
 * @typedef {object} AppEntry
 * @property {readonly ('Node' | 'Chromium')[]} places
 * @property {number} calls how often it runs; dispatches are those of the last
 * @property {number} tolerance of a number of the answer, relative to the largest of its list
 * @property {string} because why the tolerance is that
 */

/**
 * Of a layers model called in eager code, the first call compiles, the third folds what has turned out to
 * be constant, and the fourth is like all that follow.
 */
const UNTIL_STEADY = 4;

/** @type {Record<string, AppEntry>} */
export const APPS = {
  nsfwjs: {
    places: ['Node', 'Chromium'],
    calls: UNTIL_STEADY,
    tolerance: 1e-4,
    because: 'batch norms are folded into the weights of 52 convolutions: float32 rounds elsewhere',
  },
  'basic-pitch': {
    places: ['Node', 'Chromium'],
    calls: 1,
    tolerance: 1e-4,
    because: 'it takes the logarithm of sums of squares: rounding near silence is blown up',
  },
  'digits-cnn': {
    places: ['Node', 'Chromium'],
    calls: 3,
    tolerance: 1e-3,
    because: 'each of 30 steps starts from the weights of the one before, and so from its rounding',
  },
  upscaler: {
    places: ['Node'],
    calls: 1,
    tolerance: 1e-5,
    because: 'sums of up to 576 products in another order; a pixel has 8 bits',
  },
  human: {
    places: ['Node'],
    calls: 1,
    tolerance: 5e-3,
    because: 'it rounds points of a body to pixels, and one of them may be the next of some 300',
  },
  nanogpt: {
    places: ['Chromium'],
    calls: 2,
    tolerance: 1e-4,
    because: 'its letters are the likeliest each time; the logits are sums in another order',
  },
};
