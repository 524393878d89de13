import { explain } from '../../../src/pure';
import { settle, useBackend } from '../../support/gpu';
import { leaveToTfjs, TestGraph, tf, values } from './support';

beforeEach(() => useBackend(tf, 'webgpu-fused'));

afterEach(() => jest.restoreAllMocks());

const device = (): GPUDevice => (tf.backend() as unknown as { device: GPUDevice }).device;

/** Labels of what is made on the device during `run` that a warm call has no need of. */
async function madeDuring(run: () => Promise<void>): Promise<string[]> {
  const made: string[] = [];
  const note = (what: string, { label = '' }: { label?: string }): void => {
    made.push(`${what} ${label}`);
  };
  const { createBindGroup, createComputePipeline, createBuffer } = device();
  const spies = [
    jest.spyOn(device(), 'createBindGroup').mockImplementation((descriptor) => {
      note('bind group', descriptor);
      return createBindGroup.call(device(), descriptor);
    }),
    jest.spyOn(device(), 'createComputePipeline').mockImplementation((descriptor) => {
      note('pipeline', descriptor);
      return createComputePipeline.call(device(), descriptor);
    }),
    jest.spyOn(device(), 'createBuffer').mockImplementation((descriptor) => {
      if (descriptor.usage & GPUBufferUsage.UNIFORM) note('uniforms', descriptor);
      return createBuffer.call(device(), descriptor);
    }),
  ];
  await run();
  for (const spy of spies) spy.mockRestore();
  return made;
}

/** y = 10 · (2x² - 1): LRN, which changes nothing here, stands between two regions. */
function divided(): TestGraph {
  const graph = new TestGraph();
  graph.placeholder('x', 'float32', [-1, 1, 1, 8]);
  graph.node('double', 'AddV2', ['x', 'x']);
  graph.node('square', 'Mul', ['double', 'x']);
  leaveToTfjs(graph, 'normal', 'square');
  graph.node('less', 'Sub', ['normal', graph.constant(1)]);
  graph.node('y', 'Mul', ['less', graph.constant(10)]);
  return graph;
}

describe('a graph model with a kernel that is not in a plan', () => {
  test.each(['execute', 'executeAsync'] as const)('is replayed as a whole by %s', async (how) => {
    jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const model = divided().load();
    const call = async (seed: number): Promise<void> => {
      const x = tf.tensor4d(values(16, seed), [2, 1, 1, 8]);
      const y = (await model[how]({ x }, 'y')) as tf.Tensor;
      const actual = [...(await y.data())];
      await settle();
      values(16, seed).forEach((value, i) => {
        expect(actual[i]).toBeCloseTo(10 * (2 * value * value - 1), 3);
      });
      tf.dispose([x, y]);
    };
    await call(0);
    expect(explain(model).capture.replayed).toBe('regions');
    for (let seed = 1; seed < 8; seed++) await call(seed);
    const { replayed, reason, memory } = explain(model).capture;
    expect({ replayed, reason }).toEqual({ replayed: 'call', reason: null });
    // The operands of tfjs's op are there while it runs, and no dispatch writes what it reads.
    expect(memory?.lowerBound).toBeGreaterThan(0);
    expect(memory?.allocated).toBeGreaterThanOrEqual(memory?.lowerBound ?? Infinity);
    expect(await madeDuring(() => call(8))).toEqual([]);
    model.dispose();
  });
});

describe('a graph model with NonMaxSuppression', () => {
  /** Boxes and scores are computed before it, what is kept is gathered and scaled after it. */
  function detector(): TestGraph {
    const graph = new TestGraph();
    graph.placeholder('x', 'float32', [6, 4]);
    graph.node('small', 'Mul', ['x', graph.constant(0.5)]);
    graph.node('boxes', 'AddV2', ['small', graph.constant([0, 0, 1, 1])]);
    graph.node('sum', 'Sum', ['x', graph.ints(1)]);
    graph.node('scores', 'Sigmoid', ['sum']);
    graph.node('kept', 'NonMaxSuppressionV3', [
      ...['boxes', 'scores', graph.constant(3, [], 'int32')],
      ...[graph.constant(0.9), graph.constant(0.1)],
    ]);
    graph.node('found', 'GatherV2', ['boxes', 'kept', graph.constant(0, [], 'int32')]);
    graph.node('scaled', 'Mul', ['found', graph.constant(100)]);
    graph.node('y', 'Relu', ['scaled']);
    return graph;
  }

  test('replays what is before and after it, and says why not all', async () => {
    const feeds = [1, 2, 3, 4, 5, 6].map((seed) => values(24, seed));
    const run = async (model: ReturnType<TestGraph['load']>, data: Float32Array) => {
      const x = tf.tensor2d(data, [6, 4]);
      const y = (await model.executeAsync({ x }, 'y')) as tf.Tensor;
      const read = { shape: y.shape, data: await y.data<'float32'>() };
      tf.dispose([x, y]);
      return read;
    };
    await useBackend(tf, 'cpu');
    const reference = detector().load();
    const expected: Awaited<ReturnType<typeof run>>[] = [];
    for (const data of feeds) expected.push(await run(reference, data));
    reference.dispose();

    await useBackend(tf, 'webgpu-fused');
    const model = detector().load();
    const check = async (): Promise<void> => {
      for (const [at, data] of feeds.entries()) {
        const { shape, data: actual } = await run(model, data);
        await settle();
        expect(shape).toEqual(expected[at].shape);
        actual.forEach((value, i) => expect(value).toBeCloseTo(expected[at].data[i], 3));
      }
    };
    await check();
    await check();
    expect(await madeDuring(check)).toEqual([]);
    const { capture, regions } = explain(model);
    expect(capture).toEqual({
      replayed: 'regions',
      reason: 'NonMaxSuppressionV3 (kept) reads values back to know the shape of its result',
    });
    expect(regions).toHaveLength(1);
    model.dispose();
  });
});
