/** A text encoder with Where, ScatterNd and SparseToDense: one count is read, whatever the sentences. */
import { explain } from '../../../src/pure';
import { countGpu } from '../../support/count-gpu';
import { settle, useBackend } from '../../support/gpu';
import { packedEncoder, PADDING } from '../../support/transformers/packed';
import { tf } from '../capture/support';

const OPTIONS = { batch: 3, tokens: 11, width: 16, heads: 2, hidden: 24, layers: 1 };
const VOCABULARY = 29;

/** Sentences of these lengths, padded. */
function sentences(lengths: readonly number[]): number[] {
  return lengths.flatMap((length, row) =>
    Array.from({ length: OPTIONS.tokens }, (_, at) =>
      at < length ? 1 + ((7 * row + 5 * at) % (VOCABULARY - 1)) : PADDING,
    ),
  );
}

const LENGTHS = [
  [11, 11, 11],
  [1, 1, 1],
  [2, 7, 5],
  [3, 1, 11],
];

interface Uploads {
  uploadToGPU(dataId: tf.DataId): void;
}

test('answers as on cpu, with a read at most and three submits', async () => {
  const run = async (
    model: ReturnType<ReturnType<typeof packedEncoder>['load']>,
    lengths: number[],
  ): Promise<number[]> => {
    const ids = tf.tensor2d(sentences(lengths), [OPTIONS.batch, OPTIONS.tokens], 'int32');
    const y = (await model.executeAsync({ ids }, 'y')) as tf.Tensor;
    const data = [...(await y.data())];
    tf.dispose([ids, y]);
    return data;
  };
  await useBackend(tf, 'cpu');
  const reference = packedEncoder(OPTIONS, VOCABULARY).load();
  const expected: number[][] = [];
  for (const lengths of LENGTHS) expected.push(await run(reference, lengths));
  reference.dispose();

  await useBackend(tf, 'webgpu-fused');
  const model = packedEncoder(OPTIONS, VOCABULARY).load();
  for (let round = 0; round < 3; round++) {
    for (const [at, lengths] of LENGTHS.entries()) {
      const actual = await run(model, lengths);
      await settle();
      // float32 sums of some dozens of terms around 1.
      actual.forEach((value, i) => expect(value).toBeCloseTo(expected[at][i], 5));
    }
  }
  expect(explain(model).regions).toHaveLength(2);

  // Which tokens there are is found out where the ids are; from the device, their number is read.
  for (const [isOnDevice, wanted] of [
    [false, 0],
    [true, 1],
  ] as const) {
    // prettier-ignore
    const makeIds = (): tf.Tensor2D => {
      const ids = tf.tensor2d(sentences([2, 7, 5]), [OPTIONS.batch, OPTIONS.tokens], 'int32');
      if (isOnDevice) (tf.backend() as unknown as Uploads).uploadToGPU(ids.dataId);
      return ids;
    };
    // A call uploads its ids.
    const [first, ids] = [makeIds(), makeIds()];
    tf.dispose([first, await model.executeAsync({ ids: first }, 'y')]);
    const reads = jest.spyOn(GPUBuffer.prototype, 'mapAsync');
    let y: tf.Tensor[] = [];
    const { submits } = await countGpu(async () => {
      y = [(await model.executeAsync({ ids }, 'y')) as tf.Tensor];
    });
    expect(reads).toHaveBeenCalledTimes(wanted);
    expect(submits).toBeLessThanOrEqual(3);
    reads.mockRestore();
    tf.dispose([ids, y]);
  }
  model.dispose();
});
