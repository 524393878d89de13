/** Models that an app would not write on purpose: answers as tfjs's, or errors that name node and input. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as fused from '../../../src/index';
import { useBackend } from '../../support/gpu';
import { attr, TestGraph } from '../../unit/graph-model/support/test-graph';

beforeEach(() => useBackend(tf, fused.BACKEND_NAME));

test('outputs of a node beside control flow, by number', async () => {
  const graph = new TestGraph();
  graph.placeholder('x', 'float32', [3, 4]);
  graph.placeholder('p', 'bool', []);
  graph.node('u', 'Unpack', ['x'], { axis: attr.i(0), num: attr.i(3) });
  graph.node('s', 'Switch', ['x', 'p']);
  graph.node('no', 'Neg', ['s']);
  graph.node('yes', 'Relu', ['s:1']);
  graph.node('iff', 'Merge', ['no', 'yes']);
  graph.node('t', 'Tanh', ['x']);
  graph.node('r', 'Square', ['t']);
  const model = graph.load();
  const x = tf.tensor2d(Array.from({ length: 12 }, (_, i) => i - 5), [3, 4]); // prettier-ignore
  const p = tf.scalar(true, 'bool');
  for (let call = 0; call < 4; call++) {
    const before = tf.memory().numTensors;
    const results = (await model.executeAsync({ x, p }, ['iff', 'u:2', 'r'])) as tf.Tensor[];
    expect(results.map(({ shape }) => shape)).toEqual([[3, 4], [4], [3, 4]]);
    expect([...(await results[1].data())]).toEqual([3, 4, 5, 6]);
    tf.dispose(results);
    if (call > 0) expect(tf.memory().numTensors).toBe(before);
  }
});

test('optimize and warmup leave a weight that is an output alive', async () => {
  const graph = new TestGraph();
  graph.placeholder('x', 'float32', [-1, 2]);
  const w = graph.constant([1, 2], [2], 'float32', 'w');
  graph.node('y', 'Mul', ['x', w]);
  graph.node('z', 'Relu', ['y']);
  const model = graph.load();
  await fused.optimize(model, { outputs: ['z', 'w'] });
  await fused.warmup(model, { outputs: ['z', 'w'] });
  const x = tf.tensor2d([[3, 4]]);
  for (let call = 0; call < 2; call++) {
    const [z, weight] = model.execute({ x }, ['z', 'w']) as tf.Tensor[];
    expect([...(await z.data())]).toEqual([3, 8]);
    expect([...(await weight.data())]).toEqual([1, 2]);
    z.dispose();
  }
});

test('a sum of one value three times over, of nothing but zeros', async () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  const graph = new TestGraph();
  graph.placeholder('x', 'float32', [1, 4, 4, 2]);
  graph.node('zeros', 'ZerosLike', ['x']);
  const window = { strides: attr.ints([1, 2, 2, 1]), ksize: attr.ints([1, 2, 2, 1]) };
  graph.node('k', 'MaxPool', ['zeros'], { ...window, padding: attr.s('VALID') });
  graph.node('y', 'AddN', ['k', 'k', 'k']);
  const y = graph.load().execute({ x: tf.ones([1, 4, 4, 2]) }, 'y') as tf.Tensor;
  expect([...(await y.data())]).toEqual(new Array(8).fill(0));
  expect(warn.mock.calls.map(String).filter((text) => text.includes('undo'))).toEqual([]);
  warn.mockRestore();
});

test('strings that are hashed, looked up and multiplied', async () => {
  const graph = new TestGraph();
  graph.placeholder('words', 'string', [-1]);
  graph.node('hash', 'StringToHashBucketFast', ['words'], { num_buckets: attr.i(5) });
  const table = graph.constant(Array.from({ length: 15 }, (_, i) => Math.sin(i)), [5, 3]); // prettier-ignore
  graph.node('rows', 'GatherV2', [table, 'hash', graph.ints(0)]);
  graph.node('mixed', 'MatMul', ['rows', graph.constant([1, 2, 3, 4, 5, 6], [3, 2])]);
  graph.node('y', 'Softmax', ['mixed']);
  const words = (): tf.Tensor => tf.tensor1d(['a', 'bc', '', 'größer'], 'string');
  await useBackend(tf, 'cpu');
  const expected = await (graph.load().execute({ words: words() }, 'y') as tf.Tensor).data();
  await useBackend(tf, fused.BACKEND_NAME);
  const model = graph.load();
  const fed = words();
  for (let call = 0; call < 6; call++) {
    const y = (
      call % 2 ? await model.executeAsync({ words: fed }, 'y') : model.execute({ words: fed }, 'y')
    ) as tf.Tensor;
    const values = await y.data();
    expected.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 5));
    expect(fed.isDisposed).toBe(false);
  }
});

test('an index of a slice that is no whole number', () => {
  const graph = new TestGraph();
  graph.placeholder('x', 'float32', [-1, 4]);
  graph.node('cut', 'Slice', ['x', graph.constant([0.5, 0], [2]), graph.ints([1, 2])]);
  graph.node('y', 'Neg', ['cut']);
  const model = graph.load();
  const run = (): unknown => model.execute({ x: tf.ones([2, 4]) }, 'y');
  expect(run).toThrow(/node cut.*input 1 of \[0\.5,0\]; needs whole numbers/);
  expect(run).toThrow(/node cut/);
});

test('a weight that is missing', () => {
  const graph = new TestGraph();
  graph.placeholder('x', 'float32', [-1, 2]);
  const w = graph.constant([1, 2], [2], 'float32', 'w');
  graph.node('y', 'Mul', ['x', w]);
  graph.node('z', 'Relu', ['y']);
  graph.node('apart', 'Neg', ['x']);
  const model = graph.load({ weightSpecs: [], weightData: new ArrayBuffer(0) });
  const x = tf.ones([1, 2]);
  for (let call = 0; call < 2; call++) {
    expect(() => model.execute({ x }, 'z')).toThrow(/node y \(Mul\).*input 1, the constant w, has no weight/); // prettier-ignore
  }
  // What does without it runs.
  expect([...(model.execute({ x }, 'apart') as tf.Tensor).dataSync()]).toEqual([-1, -1]);
});

test('two nodes of one name: tfjs decides which one is meant, and its answer stays', async () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  const graph = new TestGraph();
  graph.placeholder('x', 'float32', [3, 4]);
  const w = graph.constant([1, 2, 3, 4], [4], 'float32', 'w');
  graph.node('y', 'Mul', ['x', w]);
  graph.node('z', 'Relu', ['y']);
  graph.node('w', 'Neg', ['x']);
  const answers = [];
  for (const backend of ['cpu', fused.BACKEND_NAME]) {
    await useBackend(tf, backend);
    const z = graph.load().execute({ x: tf.ones([3, 4]) }, 'z') as tf.Tensor;
    answers.push([...(await z.data())]);
  }
  expect(answers[1]).toEqual(answers[0]);
  const model = graph.load();
  model.execute({ x: tf.ones([3, 4]) }, 'z');
  expect(warn).toHaveBeenLastCalledWith(expect.stringContaining('several nodes named w'));
  expect(() => fused.explain(model)).toThrow('several of its nodes are named w');
  warn.mockRestore();
});

test('a cycle', () => {
  const graph = new TestGraph();
  graph.placeholder('x', 'float32', [-1, 2]);
  graph.node('a', 'AddV2', ['x', 'b']);
  graph.node('b', 'Relu', ['a']);
  graph.node('apart', 'Neg', ['x']);
  const model = graph.load();
  const x = tf.ones([1, 2]);
  for (let call = 0; call < 2; call++) {
    expect(() => model.execute({ x }, 'b')).toThrow(/node \w \(\w+\) whose input \d, \w, is computed of the node itself; needs a graph without cycles/); // prettier-ignore
  }
  expect([...(model.execute({ x }, 'apart') as tf.Tensor).dataSync()]).toEqual([-1, -1]);
});

describe('scattering by indices that never change', () => {
  /** A scatter between two ops. `constants` follow what is computed, in the order of the op's inputs. */
  function scattering(op: string, operands: (graph: TestGraph) => string[]) {
    const graph = new TestGraph();
    graph.placeholder('x', 'float32', [-1]);
    graph.node('u', 'Neg', ['x']);
    graph.node('s', op, operands(graph));
    graph.node('y', 'Mul', ['s', graph.constant(2)]);
    return graph;
  }
  const column = (graph: TestGraph, ...at: number[]): string =>
    graph.constant(at, [at.length, 1], 'int32');
  const dense = (...at: number[]): TestGraph =>
    scattering('SparseToDense', (graph) => {
      return [column(graph, ...at), graph.ints([6]), 'u', graph.constant(7)];
    });
  const sums = (...at: number[]): TestGraph =>
    scattering('ScatterNd', (graph) => [column(graph, ...at), 'u', graph.ints([6])]);

  test.each([
    ['SparseToDense', () => dense(4, 0, 2), [-4, 14, -6, 14, -2, 14]],
    ['SparseToDense, one place twice: the last', () => dense(4, 0, 4), [-4, 14, 14, 14, -6, 14]],
    ['ScatterNd', () => sums(4, 0, 2), [-4, 0, -6, 0, -2, 0]],
    ['ScatterNd, one place twice: the sum', () => sums(4, 0, 4), [-4, 0, 0, 0, -8, 0]],
    [
      'TensorScatterUpdate',
      () =>
        scattering('TensorScatterUpdate', (graph) => {
          return [graph.constant([1, 2, 3, 4]), column(graph, 3, 1, 1), 'u'];
        }),
      [2, -6, 6, -2],
    ],
  ])('%s is one dispatch, and reads nothing', async (_name, make, right) => {
    const model = make().load();
    const x = tf.tensor1d([1, 2, 3]);
    const read = jest.spyOn(tf.backend(), 'readSync');
    for (let call = 0; call < 4; call++) {
      const y = model.execute({ x }, 'y') as tf.Tensor;
      expect(read).not.toHaveBeenCalled();
      expect([...(await y.data())].map((value) => value + 0)).toEqual(right);
    }
    read.mockRestore();
    expect(fused.explain(model).dispatches.after).toBe(1);
  });

  test('outside is an error that names the node', () => {
    for (const graph of [dense(4, 0, 6), sums(-1, 0, 2)]) {
      const model = graph.load();
      expect(() => model.execute({ x: tf.ones([3]) }, 'y')).toThrow(/node s .*input 0 of .*; needs indices into \[6\]/); // prettier-ignore
    }
  });

  test('indices that are fed are asked which rows they mean', async () => {
    const graph = new TestGraph();
    graph.placeholder('x', 'float32', [-1]);
    graph.placeholder('at', 'int32', [-1, 1]);
    graph.node('u', 'Neg', ['x']);
    graph.node('s', 'ScatterNd', ['at', 'u', graph.ints([4])]);
    graph.node('y', 'Mul', ['s', graph.constant(2)]);
    const model = graph.load();
    for (const at of [[0], [3], [2]]) {
      const fed = { x: tf.tensor1d([5]), at: tf.tensor2d([at], [1, 1], 'int32') };
      const y = model.execute(fed, 'y') as tf.Tensor;
      const right = [0, 0, 0, 0];
      right[at[0]] = -10;
      expect([...(await y.data())].map((value) => value + 0)).toEqual(right);
    }
    expect(fused.explain(model).dispatches.after).toBe(1);
  });
});

test('strings given to a captured function', async () => {
  const graph = new TestGraph();
  graph.placeholder('words', 'string', [-1]);
  graph.node('hash', 'StringToHashBucketFast', ['words'], { num_buckets: attr.i(4) });
  graph.node('rows', 'GatherV2', [graph.constant([2, 4, 8, 16], [4, 1]), 'hash', graph.ints(0)]);
  graph.node('y', 'Sigmoid', ['rows']);
  const model = graph.load();
  const words = tf.tensor1d(['a', 'bc', '', 'größer'], 'string');
  const scale = tf.tensor1d([1, 2, 3, 4]);
  const score = fused.capture((fed: tf.Tensor, by: tf.Tensor) =>
    tf.mul(tf.reshape(model.execute({ words: fed }, 'y') as tf.Tensor, [4]), by),
  );
  await useBackend(tf, 'cpu');
  const buckets = tf.tidy(() => (graph.load().execute({ words }, 'y') as tf.Tensor).dataSync());
  const expected = Array.from(buckets, (value, at) => value * (at + 1));
  await useBackend(tf, fused.BACKEND_NAME);
  for (let call = 0; call < 6; call++) {
    const y = score(words, scale);
    const values = await y.data();
    expected.forEach((value, at) => expect(values[at]).toBeCloseTo(value, 5));
    expect(score.status).toMatchObject({ isReplayed: false, reason: 'an input is of type string' });
    expect(words.isDisposed).toBe(false);
    y.dispose();
  }
});

test('better than op by op: softmax written out, where the exponentials overflow', async () => {
  const graph = new TestGraph();
  graph.placeholder('x', 'float32', [-1, 3]);
  graph.node('e', 'Exp', ['x']);
  graph.node('sum', 'Sum', ['e', graph.ints([1])], { keep_dims: attr.b(true) });
  graph.node('softmax', 'RealDiv', ['e', 'sum']);
  graph.node('shifted', 'AddV2', ['x', graph.constant(3)]);
  graph.node('gate', 'Relu6', ['shifted']);
  graph.node('product', 'Mul', ['x', 'gate']);
  graph.node('swish', 'Mul', ['product', graph.constant(1 / 6)]);
  const model = graph.load();
  const [softmax, swish] = model.execute({ x: tf.tensor2d([[200, 100, 200]]) }, ['softmax', 'swish']) as tf.Tensor[]; // prettier-ignore
  [0.5, 0, 0.5].forEach((right, at) => expect(softmax.dataSync()[at]).toBeCloseTo(right, 6));
  expect([...(await swish.data())].map(Math.round)).toEqual([200, 100, 200]);
  // Where x · 6 overflows, the answer is the driver's: some multiply the constants first.
});
