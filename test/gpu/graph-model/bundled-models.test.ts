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

  it('run in turn, every result held, and replay to the last bit what they give unrecorded', async () => {
    await useBackend(tf, 'webgpu-fused');
    const frames = [1, 2, 3, 4, 5, 6, 7, 8];
    const models: Awaited<ReturnType<typeof loadModel>>[] = [];
    for (const entry of selectModels(['meet', 'magika'])) models.push(await loadModel(entry));
    const runAll = async (): Promise<tf.Tensor[]> => {
      const held: tf.Tensor[] = [];
      for (const frame of frames) {
        for (const model of models) {
          const inputs = createInputs(model.entry, frame);
          held.push(...(await model.run(inputs)));
          tf.dispose(inputs);
        }
      }
      return held;
    };
    const replayed = await runAll();
    tf.env().set('WEBGPU_FUSED_CAPTURE', false);
    const unrecorded = await runAll();
    tf.env().set('WEBGPU_FUSED_CAPTURE', true);
    expect(replayed.length).toBeGreaterThanOrEqual(2 * frames.length);
    const different = new Set<string>();
    for (const [at, tensor] of replayed.entries()) {
      const data = await tensor.data();
      expect(data).toEqual(await unrecorded[at].data());
      different.add(data.join());
    }
    expect(different.size).toBeGreaterThan(frames.length);
    tf.dispose([replayed, unrecorded]);
    for (const model of models) model.dispose();
  }, 120_000);
});
