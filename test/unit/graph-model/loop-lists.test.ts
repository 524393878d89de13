/** Loops of TF2 that keep tensors in lists; tfjs-converter 4.22 by itself fails on all of these. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { GraphModel } from '@tensorflow/tfjs-converter';
import { useHook } from './support/install';
import { listLoop } from './support/list-loop';

const installed = useHook();

/** What `listLoop` computes: −x², and from row to row one less. */
const rowsOf = (x: readonly number[], count: number): number[][] =>
  Array.from({ length: count }, (_, row) => x.map((value) => -value * value - row));

async function run(model: GraphModel, x: readonly number[], count: number) {
  const inputs = { x: tf.tensor1d([...x]), count: tf.scalar(count, 'int32') };
  const y = (await model.executeAsync(inputs, 'y')) as tf.Tensor;
  const rows = y.arraySync();
  tf.dispose([y, ...Object.values(inputs)]);
  return rows;
}

describe('a loop that writes to a list', () => {
  it.each([
    ['with regions around it', { fusible: true }],
    ['with nothing to fuse', { fusible: false }],
    ['in a function that another loop runs', { fusible: true, nested: true }],
  ])('%s', async (_what, options) => {
    const model = listLoop(options).load();
    const weights = tf.memory();
    for (const count of [4, 1, 3]) {
      expect(await run(model, [1, -2], count)).toEqual(rowsOf([1, -2], count));
      expect(tf.memory()).toMatchObject({
        numTensors: weights.numTensors,
        numDataBuffers: weights.numDataBuffers,
        numBytes: weights.numBytes,
      });
    }
    model.dispose();
    expect(tf.memory().numTensors).toBe(0);
  });

  it('may run several times at once', async () => {
    const model = listLoop({ fusible: true }).load();
    const before = tf.memory().numTensors;
    const counts = [5, 2, 4];
    const results = await Promise.all(counts.map((count) => run(model, [count, 0.5], count)));
    expect(results).toEqual(counts.map((count) => rowsOf([count, 0.5], count)));
    expect(tf.memory().numTensors).toBe(before);
  });

  it('gives back inputs that the caller keeps', async () => {
    const model = listLoop({ fusible: false }).load();
    const inputs = { x: tf.keep(tf.tensor1d([2])), count: tf.scalar(2, 'int32') };
    for (let call = 0; call < 2; call++) {
      const y = (await model.executeAsync(inputs, 'y')) as tf.Tensor;
      expect(y.arraySync()).toEqual([[-4], [-5]]);
    }
    expect(inputs.x.isDisposed).toBe(false);
  });

  it('is what it was where the package has no say', async () => {
    const model = listLoop({ fusible: true }).load();
    await run(model, [1, 2], 3);
    installed.enabled = false;
    await expect(run(model, [1, 2], 3)).rejects.toThrow();
  });
});
