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
