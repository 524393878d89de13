import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '../../../src/index';
import { createInputs } from '../../../bench/models/inputs';
import { loadModel } from '../../../bench/models/load';
import { selectModels } from '../../../bench/models/zoo';
import { explain } from '../../../src/graph-model';
import { useBackend } from '../../support/gpu';

/** Largest error, relative to the largest element. */
function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let error = 0;
  let scale = 0;
  for (let i = 0; i < expected.length; i++) {
    error = Math.max(error, Math.abs(actual[i] - expected[i]));
    scale = Math.max(scale, Math.abs(expected[i]));
  }
  return error / scale;
}

describe('models that ship with the benchmark', () => {
  it.each(selectModels(['meet', 'magika']).map((entry) => [entry.name, entry] as const))(
    '%s gives the answers of cpu, fused as a whole',
    async (_name, entry) => {
      await useBackend(tf, 'cpu');
      const model = await loadModel(entry);
      const inputs = createInputs(entry, 7);
      const expected = (await model.run(inputs)).map((tensor) => tensor.dataSync());
      await useBackend(tf, 'webgpu-fused');
      const first = await model.run(inputs);
      const before = tf.memory().numTensors;
      const second = await model.run(inputs);
      expect(tf.memory().numTensors - before).toBe(second.length);
      for (const results of [first, second]) {
        for (const [at, tensor] of results.entries()) {
          expect(relativeError(await tensor.data(), expected[at])).toBeLessThan(1e-4);
        }
      }
      const told = explain(model.graph as NonNullable<typeof model.graph>);
      expect(told.nodes.filter((node) => node.fate === 'stock')).toEqual([]);
      expect(told.dispatches.after).toBeLessThan(told.dispatches.before / 2);
      model.dispose();
    },
    // The cpu takes seconds for a model, and a software device not much less.
    120_000,
  );
});
