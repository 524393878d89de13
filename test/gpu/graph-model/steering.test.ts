/** Integers that steer a graph: computed where they are, so that what they pick is one submission without a read. */
import { explain } from '../../../src/pure';
import { countGpu } from '../../support/count-gpu';
import { settle, useBackend } from '../../support/gpu';
import { TestGraph, tf, values } from '../capture/support';

const ROWS = 37;
const WIDTH = 6;

/** Rows of a table by those ids that are not negative, and how many elements come before each of them. */
function embedding(length: number): TestGraph {
  const graph = new TestGraph();
  graph.placeholder('ids', 'int32', [length]);
  graph.node('isGiven', 'GreaterEqual', ['ids', graph.constant(0, [], 'int32')]);
  graph.node('places', 'Where', ['isGiven']);
  graph.node('flat', 'Reshape', ['places', graph.constant([-1], [1], 'int32')]);
  graph.node('given', 'GatherV2', ['ids', 'flat', graph.constant(0, [], 'int32')]);
  graph.node('most', 'Max', ['given', graph.ints(0)]);
  graph.node('next', 'AddV2', ['most', graph.constant(1, [], 'int32')]);
  graph.node('before', 'Cumsum', ['given', graph.constant(0, [], 'int32')]);
  const table = graph.constant(values(ROWS * WIDTH, 7), [ROWS, WIDTH]);
  graph.node('rows', 'GatherV2', [table, 'given', graph.constant(0, [], 'int32')]);
  graph.node('scaled', 'Mul', ['rows', graph.constant(3)]);
  graph.node('y', 'Tanh', ['scaled']);
  return graph;
}

const OUTPUTS = ['y', 'before', 'next'];

const idsOf = (length: number, seed: number): number[] =>
  Array.from({ length }, (_, at) => ((at * 7 + seed * 11) % (ROWS + 9)) - 9);

type Model = ReturnType<TestGraph['load']>;

async function answers(model: Model, ids: tf.Tensor) {
  const results = (await model.executeAsync({ ids }, OUTPUTS)) as tf.Tensor[];
  const read = await Promise.all(
    results.map(async (y) => ({ shape: y.shape, dtype: y.dtype, data: [...(await y.data())] })),
  );
  tf.dispose(results);
  return read;
}

async function expected(length: number, seed: number) {
  await useBackend(tf, 'cpu');
  const model = embedding(length).load();
  const ids = tf.tensor1d(idsOf(length, seed), 'int32');
  const read = await answers(model, ids);
  model.dispose();
  ids.dispose();
  await useBackend(tf, 'webgpu-fused');
  return read;
}

/** Integers are equal; of floats there is a tanh of numbers up to 3, of which WGSL allows 1e-5. */
function compare(actual: Awaited<ReturnType<typeof answers>>, wanted: typeof actual): void {
  actual.forEach(({ data, ...kind }, at) => {
    const { data: reference, ...wantedKind } = wanted[at];
    expect(kind).toEqual(wantedKind);
    const largest = data.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - reference[i])),
      0,
    );
    expect(largest).toBeLessThanOrEqual(kind.dtype === 'int32' ? 0 : 1e-5);
  });
}

const reason = (model: Model, name: string): string =>
  explain(model).nodes.find((node) => node.name === name)?.reason ?? '';

// The last is longer than what tfjs itself takes for few.
test.each([1, 12, 1823])('%i ids on the CPU: one submission, and no read', async (length) => {
  // The first may be the only one, and is not negative then.
  const seeds = length === 1 ? [1, 1] : [1, 2];
  const wanted: Awaited<ReturnType<typeof expected>>[] = [];
  for (const seed of seeds) wanted.push(await expected(length, seed));
  const model = embedding(length).load();
  for (const [at, seed] of seeds.entries()) {
    const ids = tf.tensor1d(idsOf(length, seed), 'int32');
    compare(await answers(model, ids), wanted[at]);
    ids.dispose();
  }
  expect(reason(model, 'isGiven')).toMatch(/integers are few and on the CPU/);
  const ids = tf.tensor1d(idsOf(length, seeds[0]), 'int32');
  const read = jest.spyOn(GPUBuffer.prototype, 'mapAsync');
  let results: tf.Tensor[] = [];
  const { submits, dispatches } = await countGpu(async () => {
    results = (await model.executeAsync({ ids }, OUTPUTS)) as tf.Tensor[];
  });
  const reads = read.mock.calls.length;
  read.mockRestore();
  expect({ submits, dispatches, reads }).toEqual({
    submits: 1,
    dispatches: 3,
    reads: 0,
  });
  tf.dispose([ids, results]);
  model.dispose();
});

test('ids on the device, too many of them, and then few: the same answers', async () => {
  const model = embedding(12).load();
  const wanted = await expected(12, 3);
  const onCpu = tf.tensor1d(idsOf(12, 3), 'int32');
  const onDevice = tf.tidy(() => {
    const shifted = tf.tensor1d(idsOf(12, 3).map((id) => id - 1), 'int32'); // prettier-ignore
    return tf.add(shifted, tf.onesLike(tf.relu(shifted)));
  });
  for (const ids of [onDevice, onCpu, onDevice]) compare(await answers(model, ids), wanted);
  expect(reason(model, 'isGiven')).not.toMatch(/on the CPU/);
  model.dispose();
  const many = 2 ** 15 + 3;
  const long = embedding(many).load();
  const ids = tf.tensor1d(idsOf(many, 4), 'int32');
  compare(await answers(long, ids), await expected(many, 4));
  await settle();
  long.dispose();
  tf.dispose([onCpu, onDevice, ids]);
});
