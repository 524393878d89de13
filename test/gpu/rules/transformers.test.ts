/** Blocks of real exporters, loaded as models: how many kernels they take, and what they answer. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '../../../src/index';
import { explain } from '../../../src/index';
import { useBackend } from '../../support/gpu';
import { seededNumbers } from '../../support/small-graph-model';
import { findDifference, largest } from '../../support/tolerance';
import { LAYERS, writeTransformer, type Exporter } from '../../support/transformers/blocks';

/** Of a block: a gated unit is one product, as a plain layer is. */
const MOST_DISPATCHES = 7;

/** Two layers of sums of up to 128 products, normalised in between. */
const TOLERANCE = 4e-6;

const options = { batch: 2, tokens: 20, width: 32, heads: 4, hidden: 64, layers: 2 };

function feeds(names: ReadonlySet<string>): Record<string, tf.Tensor> {
  const { batch, tokens, width } = options;
  const seen = Array.from({ length: batch * tokens }, (_, i) => (i % 7 === 3 ? 0 : 1));
  const all = {
    x: tf.tensor(seededNumbers(9, batch * tokens * width), [batch, tokens, width]),
    mask: tf.tensor(seen, [batch, tokens]),
  };
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.has(name)));
}

describe.each(Object.keys(LAYERS) as Exporter[])('%s', (exporter) => {
  test('few kernels, the same answer', async () => {
    const answers: ArrayLike<number>[] = [];
    for (const backend of ['cpu', 'webgpu-fused']) {
      await useBackend(tf, backend);
      const model = writeTransformer(exporter, options).load();
      const y = model.execute(
        feeds(new Set(model.inputs.map(({ name }) => name))),
        'y',
      ) as tf.Tensor;
      answers.push(await y.data());
      if (backend !== 'cpu') {
        const { after } = explain(model).dispatches;
        expect(after).toBeLessThanOrEqual(options.layers * MOST_DISPATCHES);
      }
      model.dispose();
    }
    const [expected, actual] = answers;
    expect(findDifference(actual, expected, TOLERANCE * largest(expected))).toBeNull();
  });
});
