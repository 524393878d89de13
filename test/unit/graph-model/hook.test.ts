import { deregisterOp, registerOp, loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { installGraphModelHook } from '../../../src/graph-model';
import { isKnownConverter } from '../../../src/graph-model/model-internals';
import { callBothWays, errorOf, useHook } from './support/install';
import { TestGraph, attr, wave } from './support/test-graph';

const installed = useHook();

/** x [-1, 4] → h = relu(x · w) → y = h + 1, z = h · 2; s = split(x). */
function branches(): TestGraph {
  const graph = new TestGraph();
  graph.placeholder('x', 'float32', [-1, 4]);
  const w = graph.constant(wave(12), [4, 3]);
  graph.node('product', 'MatMul', ['x', w]);
  graph.node('h', 'Relu', ['product']);
  graph.node('y', 'AddV2', ['h', graph.constant(1)]);
  graph.node('z', 'Mul', ['h', graph.constant(2)]);
  graph.node('s', 'Split', [graph.ints(1), 'x'], { num_split: attr.i(2) });
  graph.node('tail', 'Square', ['s:1']);
  return graph;
}

const input = (rows = 2) => tf.tensor2d(wave(rows * 4), [rows, 4]);

function expectSame(fused: tf.Tensor | tf.Tensor[], stock: tf.Tensor | tf.Tensor[]): void {
  expect(Array.isArray(fused)).toBe(Array.isArray(stock));
  const all = [fused].flat();
  [stock].flat().forEach((tensor, at) => {
    expect(all[at].shape).toEqual(tensor.shape);
    expect(all[at].dtype).toBe(tensor.dtype);
    expect(Array.from(all[at].dataSync())).toEqual(Array.from(tensor.dataSync()));
  });
}

describe('what a call gives', () => {
  it.each([
    ['one output', 'y'],
    ['several, in order', ['z', 'y']],
    ['an intermediate node', ['h', 'y']],
    ['one output twice', ['y', 'y']],
    ['outputs by index', ['s:1', 's', 's:0', 'tail']],
    ['an input and a weight', ['x', 'const_0', 'y']],
  ])('is the same for %s', (_what, outputs) => {
    const model = branches().load();
    const x = input();
    const { fused, stock } = callBothWays(installed, () => model.execute({ x }, outputs));
    expectSame(fused, stock);
    expect(installed.runtime.runs).toBe(1);
  });

  it('is the same for inputs that the outputs do not need', () => {
    const graph = branches();
    graph.placeholder('unused', 'float32', []);
    graph.leftToTfjs('slow', 'x', 2);
    const model = graph.load();
    const inputs = { x: input(), unused: tf.scalar(1) };
    const { fused, stock } = callBothWays(installed, () => model.execute(inputs, ['slow', 'y']));
    expectSame(fused, stock);
    expect(installed.runtime.runs).toBe(1);
  });

  it('is the same through predict, with one tensor, a list, and a map', () => {
    const model = branches().load();
    const x = input();
    const forms: (tf.Tensor | tf.Tensor[] | tf.NamedTensorMap)[] = [x, [x], { x }, { 'x:0': x }];
    for (const given of forms) {
      const { fused, stock } = callBothWays(installed, () => model.predict(given));
      expectSame(fused as tf.Tensor[], stock as tf.Tensor[]);
    }
    expect(installed.runtime.compiled).toHaveLength(1);
  });

  it('is the same by signature names', () => {
    const signature = {
      inputs: { in: { name: 'x:0', dtype: 'DT_FLOAT' } },
      outputs: { first: { name: 'z:0' }, second: { name: 'y:0' } },
    };
    const model = branches().load({ signature });
    const x = input();
    const named = callBothWays(installed, () => model.execute({ in: x }, ['second', 'first']));
    expectSame(named.fused, named.stock);
    const predicted = callBothWays(installed, () => model.predict({ in: x }));
    expectSame(predicted.fused as tf.Tensor[], predicted.stock as tf.Tensor[]);
    expect(installed.runtime.runs).toBe(2);
  });

  it('is the same with structured outputs', () => {
    const model = branches().load({
      userDefinedMetadata: { structuredOutputKeys: ['a', 'b', 'c'] },
    });
    const result = model.predict(input()) as tf.NamedTensorMap;
    expect(Object.keys(result)).toEqual(['a', 'b', 'c']);
    expect(installed.runtime.runs).toBe(1);
  });

  it('leaves as many tensors as before', () => {
    const model = branches().load();
    const x = input();
    const count = (): number => {
      const before = tf.memory().numTensors;
      tf.dispose(model.execute({ x }, ['y', 'y', 's:1', 'h']));
      return tf.memory().numTensors - before;
    };
    const { fused, stock } = callBothWays(installed, count);
    expect(fused).toBe(stock);
    const inTidy = callBothWays(installed, () => {
      const before = tf.memory().numTensors;
      tf.tidy(() => void model.execute({ x }, ['z', 'x']));
      return tf.memory().numTensors - before;
    });
    expect(inTidy.fused).toBe(inTidy.stock);
    expect(inTidy.fused).toBe(0);
  });
});

describe('calls that tfjs refuses', () => {
  const x = () => input();
  const cases: [string, (model: ReturnType<TestGraph['load']>) => unknown][] = [
    ['a wrong shape', (model) => model.execute({ x: tf.zeros([2, 3]) }, 'y')],
    ['a wrong dtype', (model) => model.execute({ x: tf.zeros([2, 4], 'int32') }, 'y')],
    ['an unknown input', (model) => model.execute({ x: x(), q: x() }, 'y')],
    ['a missing input', (model) => model.execute({}, 'y')],
    ['an unknown output', (model) => model.execute({ x: x() }, 'nothing')],
    ['too many inputs', (model) => model.predict([x(), x()])],
  ];
  it.each(cases)('%s gives the same error', (_what, call) => {
    const model = branches().load();
    const { fused, stock } = callBothWays(installed, () => errorOf(() => call(model)));
    expect(fused).toBe(stock);
    expect(fused).not.toBe('no error');
  });

  it('a disposed input gives an error that says so, where tfjs speaks of undefined', () => {
    const model = branches().load();
    const gone = input();
    gone.dispose();
    const { fused, stock } = callBothWays(installed, () => errorOf(() => model.predict(gone)));
    expect(fused).toMatch(/input x that was disposed/);
    expect(stock).not.toBe('no error');
  });
});

describe('calls that stay with tfjs', () => {
  it('on another backend', () => {
    installed.hook.remove();
    installed.hook = installGraphModelHook({
      backendName: 'elsewhere',
      runtime: installed.runtime,
      isEnabled: () => true,
    });
    branches().load().predict(input());
    expect(installed.runtime.compiled).toHaveLength(0);
  });

  it('with intermediate nodes fed', () => {
    const model = branches().load();
    const { fused, stock } = callBothWays(installed, () =>
      model.execute({ h: tf.ones([1, 3]) }, ['y', 'z']),
    );
    expectSame(fused, stock);
    expect(installed.runtime.runs).toBe(0);
  });

  it('with KEEP_INTERMEDIATE_TENSORS', () => {
    const model = branches().load();
    tf.env().set('KEEP_INTERMEDIATE_TENSORS', true);
    try {
      model.execute({ x: input() }, 'y');
      expect(model.getIntermediateTensors()).toHaveProperty('h');
    } finally {
      tf.env().set('KEEP_INTERMEDIATE_TENSORS', false);
      model.disposeIntermediateTensors();
    }
    expect(installed.runtime.runs).toBe(0);
  });

  it('inside gradients, which therefore work', () => {
    tf.registerGradient({
      kernelName: 'Neg',
      gradFunc: (dy) => ({ x: () => tf.neg(dy as tf.Tensor) }),
    });
    const graph = new TestGraph();
    graph.placeholder('x', 'float32', [-1]);
    graph.node('a', 'Neg', ['x']);
    graph.node('b', 'Neg', ['a']);
    const model = graph.load();
    const gradient = tf.grad((x: tf.Tensor) => model.execute({ x }, 'b') as tf.Tensor);
    expect(Array.from(gradient(tf.ones([2])).dataSync())).toEqual([1, 1]);
    expect(installed.runtime.runs).toBe(0);
    model.predict(tf.ones([2]));
    expect(installed.runtime.runs).toBe(1);
  });

  it('with weights of another copy of tfjs-core, and a word about it', () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    installed.hook.remove();
    installed.hook = installGraphModelHook({
      backendName: 'cpu',
      runtime: installed.runtime,
      isEnabled: () => true,
      isKnown: () => false,
    });
    const model = branches().load();
    model.predict(input());
    model.predict(input());
    expect(installed.runtime.compiled).toHaveLength(0);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toContain('another copy of @tensorflow/tfjs-core');
    warn.mockRestore();
  });

  it('where the graph has nothing to fuse', () => {
    const graph = new TestGraph();
    graph.placeholder('x', 'float32', [-1]);
    graph.node('y', 'Relu', ['x']);
    graph.load().predict(tf.ones([3]));
    expect(installed.runtime.compiled).toHaveLength(0);
  });
});

describe('ops registered by the app', () => {
  afterEach(() => {
    deregisterOp('Relu');
    deregisterOp('Twice');
  });

  it('stay outside of regions', () => {
    registerOp('Twice', ({ inputs }) => tf.mul(inputs[0], 2));
    const graph = new TestGraph();
    graph.placeholder('x', 'float32', [-1]);
    graph.node('a', 'Relu', ['x']);
    graph.node('b', 'Square', ['a']);
    graph.node('c', 'Twice', ['b']);
    graph.node('d', 'Neg', ['c']);
    graph.node('e', 'Exp', ['d']);
    const model = graph.load();
    const { fused, stock } = callBothWays(installed, () => model.predict(tf.tensor1d([-1, 2])));
    expectSame(fused as tf.Tensor, stock as tf.Tensor);
    expect(installed.runtime.compiled).toHaveLength(2);
  });

  it('win over the built-in op, if registered before the model was loaded', () => {
    registerOp('Relu', ({ inputs }) => tf.neg(inputs[0]));
    const model = branches().load();
    const { fused, stock } = callBothWays(installed, () => model.execute({ x: input() }, 'y'));
    expectSame(fused, stock);
    expect(installed.runtime.kernels).not.toContain('Relu');
  });

  it('do not reach models loaded before', () => {
    const model = branches().load();
    registerOp('Relu', ({ inputs }) => tf.neg(inputs[0]));
    const { fused, stock } = callBothWays(installed, () => model.execute({ x: input() }, 'y'));
    expectSame(fused, stock);
  });
});

describe('the life of a model', () => {
  it('may begin before the hook is installed', () => {
    installed.hook.remove();
    const model = branches().load();
    installed.hook = installGraphModelHook({
      backendName: 'cpu',
      runtime: installed.runtime,
      isEnabled: () => true,
    });
    model.predict(input());
    expect(installed.runtime.runs).toBe(1);
  });

  it('frees plans with dispose()', () => {
    const model = branches().load();
    model.execute({ x: input() }, 'y');
    model.execute({ x: input() }, ['y', 'z']);
    model.dispose();
    expect(installed.runtime.disposed).toHaveLength(2);
    expect(
      Object.values(model.weights)
        .flat()
        .every((weight) => weight.isDisposed),
    ).toBe(true);
  });

  it('starts afresh when it is loaded again', () => {
    const model = branches().load();
    model.predict(input());
    void model.load();
    model.predict(input());
    expect(installed.runtime.compiled).toHaveLength(2);
    expect(installed.runtime.disposed).toHaveLength(1);
  });

  it('saves what was loaded', async () => {
    const graph = branches();
    const model = graph.load();
    model.predict(input());
    let saved: tf.io.ModelArtifacts = {};
    await model.save({ save: async (artifacts) => ((saved = artifacts), {} as tf.io.SaveResult) });
    const { node } = saved.modelTopology as { node: { op: string }[] };
    expect(node.map(({ op }) => op)).toEqual(graph.nodes.map(({ op }) => op));
  });

  it('may begin with streamed weights', async () => {
    const artifacts = branches().artifacts();
    const getWeightStream = () =>
      new ReadableStream<ArrayBuffer>({
        start(controller) {
          controller.enqueue(artifacts.weightData as ArrayBuffer);
          controller.close();
        },
      });
    const load = async () => ({ ...artifacts, weightData: undefined, getWeightStream });
    const model = await loadGraphModel({ load });
    const { fused, stock } = callBothWays(installed, () => model.predict(input()));
    expectSame(fused as tf.Tensor[], stock as tf.Tensor[]);
    expect(installed.runtime.runs).toBe(1);
  });

  it('survives removal of the hook', () => {
    const model = branches().load();
    const x = input();
    const before = model.execute({ x }, 'y') as tf.Tensor;
    installed.hook.remove();
    expectSame(model.execute({ x }, 'y'), before);
    expect(installed.runtime.disposed).toHaveLength(1);
  });
});

describe('installing', () => {
  it('twice gives the first hook', () => {
    const again = installGraphModelHook({
      backendName: 'other',
      runtime: installed.runtime,
      isEnabled: () => true,
    });
    expect(again).toBe(installed.hook);
  });

  it('knows tfjs by version and methods', () => {
    expect(isKnownConverter('3.21.0', installed.hook)).toBe(false);
    expect(isKnownConverter('4.22.0', {})).toBe(false);
  });
});

describe('plans', () => {
  it('are made once for each signature', () => {
    const model = branches().load();
    for (const rows of [1, 2, 1, 2, 3]) model.execute({ x: input(rows) }, 'y');
    expect(installed.runtime.compiled).toHaveLength(3);
    expect(installed.runtime.runs).toBe(5);
  });

  it('are bounded, and made anew where shapes never settle', () => {
    const model = branches().load();
    for (let rows = 1; rows < 40; rows++) {
      const x = input(rows);
      const { fused, stock } = callBothWays(installed, () => model.execute({ x }, 'y'));
      expectSame(fused, stock);
    }
    const { compiled, disposed } = installed.runtime;
    expect(compiled).toHaveLength(39);
    expect(disposed).toHaveLength(39 - 32);
  });
});
