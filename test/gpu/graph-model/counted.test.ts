/** Ops whose results have a length that depends on values: in regions, and one count is read. */
import { explain } from '../../../src/pure';
import { countGpu } from '../../support/count-gpu';
import { settle, useBackend } from '../../support/gpu';
import { TestGraph, tf, values } from '../capture/support';

type Suppression = 'NonMaxSuppressionV2' | 'NonMaxSuppressionV3' | 'NonMaxSuppressionV5';

let said: string[] = [];
beforeEach(() => {
  said = [];
  jest.spyOn(console, 'warn').mockImplementation((text: string) => said.push(text));
});
afterEach(() => {
  jest.restoreAllMocks();
  // tfjs would warn of a graph without an op that needs a promise.
  expect(said.filter((text) => /did not contain/.test(text))).toEqual([]);
});

const BOXES = 23;

/** Boxes and scores are computed before, what is kept is gathered after. */
function detector(suppress: (graph: TestGraph, operands: string[]) => string[]): TestGraph {
  const graph = new TestGraph();
  graph.placeholder('x', 'float32', [BOXES, 4]);
  graph.node('small', 'Mul', ['x', graph.constant(0.5)]);
  graph.node('boxes', 'AddV2', ['small', graph.constant([0, 0, 1, 1])]);
  graph.node('sum', 'Sum', ['x', graph.ints(1)]);
  graph.node('scores', 'Sigmoid', ['sum']);
  const found = suppress(graph, [
    ...['boxes', 'scores', graph.constant(9, [], 'int32')],
    ...[graph.constant(0.4), graph.constant(0.45)],
  ]);
  found.forEach((indices, at) => {
    graph.node(`found${at}`, 'GatherV2', ['boxes', indices, graph.constant(0, [], 'int32')]);
    graph.node(`y${at}`, 'Mul', [`found${at}`, graph.constant(100)]);
  });
  return graph;
}

/** Results of a model on both backends, for several inputs. */
async function compare(make: () => TestGraph, outputs: string[]) {
  const run = async (model: ReturnType<TestGraph['load']>, seed: number) => {
    const x = tf.tensor2d(values(4 * BOXES, seed), [BOXES, 4]);
    const results = await model.executeAsync({ x }, outputs);
    const list = [results].flat();
    const read = await Promise.all(
      list.map(async (y) => ({ shape: y.shape, dtype: y.dtype, data: [...(await y.data())] })),
    );
    tf.dispose([x, list]);
    return read;
  };
  const seeds = [1, 2, 3, 4];
  await useBackend(tf, 'cpu');
  const expected: Awaited<ReturnType<typeof run>>[] = [];
  const reference = make().load();
  for (const seed of seeds) expected.push(await run(reference, seed));
  reference.dispose();
  said = [];
  await useBackend(tf, 'webgpu-fused');
  const model = make().load();
  for (const [at, seed] of [...seeds, ...seeds].entries()) {
    const actual = await run(model, seed);
    await settle();
    actual.forEach(({ shape, dtype, data }, output) => {
      const { data: wanted, ...kind } = expected[at % seeds.length][output];
      expect({ shape, dtype }).toEqual(kind);
      data.forEach((value, i) => expect(value).toBeCloseTo(wanted[i], 3));
    });
  }
  return { model, run: () => run(model, 1) };
}

test.each<Suppression>(['NonMaxSuppressionV2', 'NonMaxSuppressionV3', 'NonMaxSuppressionV5'])(
  '%s, three of them: one count is read',
  async (op) => {
    const { model } = await compare(
      () =>
        detector((graph, [boxes, scores, most, iou, score]) =>
          [0.2, 0.4, 0.7].map((threshold, at) => {
            const rest = op === 'NonMaxSuppressionV2' ? [] : [score];
            const sigma = op === 'NonMaxSuppressionV5' ? [graph.constant(0.3)] : [];
            const limits = [most, at === 0 ? iou : graph.constant(threshold), ...rest, ...sigma];
            graph.node(`kept${at}`, op, [boxes, scores, ...limits]);
            return `kept${at}`;
          }),
        ),
      ['y0', 'y1', 'y2', ...(op === 'NonMaxSuppressionV5' ? ['kept0:1'] : []), 'kept2'],
    );
    const x = tf.tensor2d(values(4 * BOXES, 1), [BOXES, 4]);
    // What is compiled, at once or because it came again, is submitted by itself until the driver has accepted it.
    for (let call = 0; call < 6; call++) {
      tf.dispose(await model.executeAsync({ x }, ['y0', 'y1', 'y2']));
      await settle();
    }
    const reads = jest.spyOn(GPUBuffer.prototype, 'mapAsync');
    let results: tf.Tensor[] = [];
    const { submits } = await countGpu(async () => {
      results = (await model.executeAsync({ x }, ['y0', 'y1', 'y2'])) as tf.Tensor[];
    });
    expect(reads).toHaveBeenCalledTimes(1);
    // With the read, and at the end.
    expect(submits).toBe(2);
    tf.dispose([x, results]);
    expect(explain(model).regions).toHaveLength(1);
    model.dispose();
  },
);

test.each([true, false])('NonMaxSuppressionV4, padded: %s', async (padded) => {
  const { model } = await compare(
    () =>
      detector((graph, operands) => {
        const attrs = { pad_to_max_output_size: { b: padded } };
        graph.node('kept', 'NonMaxSuppressionV4', operands, attrs);
        return ['kept'];
      }),
    ['y0', 'kept', 'kept:1'],
  );
  expect(explain(model).regions).toHaveLength(1);
  model.dispose();
});

test.each([
  ['some', [23, 4], 0.2],
  ['none', [23, 4], 3],
  ['all', [4, 23], -3],
  ['of a cube', [2, 23, 2], 0],
  ['of a vector', [92], 0.5],
] as const)('Where: %s of %j', async (_what, shape, threshold) => {
  const { model } = await compare(() => {
    const graph = new TestGraph();
    graph.placeholder('x', 'float32', [BOXES, 4]);
    graph.node('twice', 'AddV2', ['x', 'x']);
    graph.node('shaped', 'Reshape', ['twice', graph.ints(shape)]);
    graph.node('condition', 'Greater', ['shaped', graph.constant(threshold)]);
    graph.node('where', 'Where', ['condition']);
    graph.node('found', 'GatherNd', ['shaped', 'where']);
    graph.node('y', 'Mul', ['found', graph.constant(10)]);
    return graph;
  }, ['where', 'y']);
  expect(explain(model).regions.length).toBeGreaterThan(0);
  const searched = explain(model).nodes.filter(({ op }) => op.endsWith('Where'));
  expect(searched.map(({ fate }) => fate)).toEqual(['fused']);
  model.dispose();
});

test('what is encoded and waits keeps its operands, whoever disposes of them', async () => {
  const make = (): TestGraph =>
    detector((graph, [boxes, scores, ...limits]) => {
      graph.node('kept', 'NonMaxSuppressionV3', [boxes, scores, ...limits]);
      return ['kept'];
    });
  const { model } = await compare(make, ['y0']);
  const call = async (isHasty: boolean): Promise<number[]> => {
    const x = tf.tensor2d(values(4 * BOXES, 2), [BOXES, 4]);
    const result = model.executeAsync({ x }, 'y0') as Promise<tf.Tensor>;
    const others: tf.Tensor[] = [];
    if (isHasty) {
      x.dispose();
      // In the same buffers, if these were free.
      for (let i = 0; i < 4; i++) {
        const zeros = tf.tensor2d(new Float32Array(4 * BOXES), [BOXES, 4]);
        others.push(zeros, tf.neg(zeros));
      }
      await others[1].data();
    }
    const y = await result;
    const data = [...(await y.data())];
    tf.dispose([x, y, others]);
    return data;
  };
  expect(await call(true)).toEqual(await call(false));
  model.dispose();
});
