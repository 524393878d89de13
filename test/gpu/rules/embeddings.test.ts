/** Embeddings: rows of words, positions and types, their sum, and its layer normalisation. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '../../../src/index';
import { explain } from '../../../src/index';
import { useBackend } from '../../support/gpu';
import { findDifference, largest, TOLERANCE } from '../../support/tolerance';
import { BlockWriter } from '../../support/transformers/writer';
import { attr } from '../../unit/graph-model/support/test-graph';

const TOKENS = 7;
const WORDS = 23;
const NO_BLOCK = { batch: 2, tokens: TOKENS, heads: 1, hidden: 1, layers: 1 };

const gather = (w: BlockWriter, table: string, ids: string): string =>
  w.op('GatherV2', [table, ids, w.ints(0)], { batch_dims: attr.i(0) });

/** The first rows of a table of positions, as BERT takes them. */
function positions(w: BlockWriter, width: number): string {
  const [begin, size] = [w.ints([0, 0]), w.ints([TOKENS, -1])];
  return w.reshape(w.op('Slice', [w.weight([16, width], 1), begin, size]), [1, TOKENS, width]);
}

function embed(width: number): BlockWriter {
  const w = new BlockWriter({ ...NO_BLOCK, width });
  const ids = w.placeholder('ids', 'int32', [-1, TOKENS]);
  const types = w.placeholder('types', 'int32', [-1, TOKENS]);
  const words = gather(w, w.weight([WORDS, width], 1), ids);
  const kinds = gather(w, w.weight([2, width], 1), types);
  const sum = w.op('AddV2', [w.op('AddV2', [words, kinds]), positions(w, width)]);
  w.node('y', 'Identity', [w.layerNorm(sum)]);
  return w;
}

test.each([8, 13, 300])('rows of %d, summed and normalised in one dispatch', async (width) => {
  const answers: ArrayLike<number>[] = [];
  for (const backend of ['cpu', 'webgpu-fused']) {
    await useBackend(tf, backend);
    const model = embed(width).load();
    const ids = tf.tensor2d(
      Array.from({ length: 2 * TOKENS }, (_, i) => (i * 5) % WORDS),
      [2, TOKENS],
      'int32',
    );
    const types = tf.tensor2d(
      Array.from({ length: 2 * TOKENS }, (_, i) => (i % TOKENS > 3 ? 1 : 0)),
      [2, TOKENS],
      'int32',
    );
    answers.push(await (model.execute({ ids, types }, 'y') as tf.Tensor).data());
    if (backend === 'cpu') continue;
    expect(explain(model).dispatches.after).toBe(1);
  }
  const [expected, actual] = answers;
  const allowed = TOLERANCE.transcendental * largest(expected);
  expect(findDifference(actual, expected, allowed)).toBeNull();
});
