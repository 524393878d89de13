/** A network ported by hand: batch normalizations are folded, depthwise and pointwise layers joined. */
import * as tf from '@tensorflow/tfjs';
import { mobileNetV2 } from '../../support/mobilenet';
import { seededNumbers } from '../../support/small-graph-model';
import { expectClose, trace, useLazy, useReference } from './support';

const OPTIONS = { alpha: 0.25, size: 32, classes: 10 };
/** A hundred kernels are compiled, which takes a software adapter a while. */
const TIMEOUT_MS = 400_000;

/** The answers for images of these seeds, one after the other. */
async function answers(seeds: readonly number[]): Promise<number[][]> {
  const { size } = OPTIONS;
  const network = mobileNetV2(OPTIONS);
  const values: number[][] = [];
  for (const seed of seeds) {
    const elements = seededNumbers(seed, size * size * 3);
    const y = tf.tidy(() => network.run(tf.tensor4d(elements, [1, size, size, 3])));
    values.push([...(await y.data())]);
    y.dispose();
  }
  network.dispose();
  return values;
}

test(
  'MobileNetV2 with plain tensors as weights',
  async () => {
    await useReference('cpu');
    const [first, last] = await answers([1, 3]);
    await useLazy();
    const actual = await answers([1, 2, 3]);
    expectClose(actual[0], first, 1e-5);
    expectClose(actual[2], last, 1e-5);
    expect(trace().dispatches).toBeLessThanOrEqual(40);
  },
  TIMEOUT_MS,
);
