import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { GraphModel } from '@tensorflow/tfjs-converter';
import { RefusedError } from '../../../src/ir/infer/refused';
import { callBothWays, errorOf, useHook } from './support/install';
import { TestGraph, attr } from './support/test-graph';

const installed = useHook();

/** Two dispatches, an op that is refused for some inputs, and two dispatches more. */
function reshaped(): GraphModel {
  const graph = new TestGraph();
  graph.placeholder('x', 'float32', [-1]);
  graph.placeholder('shape', 'int32', [-1]);
  graph.node('a', 'Relu', ['x']);
  graph.node('b', 'Square', ['a']);
  graph.node('c', 'Reshape', ['b', 'shape']);
  graph.node('d', 'Neg', ['c']);
  graph.node('e', 'Exp', ['d']);
  return graph.load();
}

const feeds = () => ({ x: tf.tensor1d([1, -2, 3, 4]), shape: tf.tensor1d([2, 2], 'int32') });

function run(model: GraphModel, inputs: tf.NamedTensorMap = feeds()): unknown[] {
  const result = model.predict(inputs) as tf.Tensor;
  return [result.shape, result.arraySync()];
}

describe('shapes that come from outside', () => {
  it('become part of the signature where the host knows them', () => {
    const model = reshaped();
    for (const shape of [[2, 2], [4], [2, 2]]) {
      const inputs = { ...feeds(), shape: tf.tensor1d(shape, 'int32') };
      const { fused, stock } = callBothWays(installed, () => run(model, inputs));
      expect(fused).toEqual(stock);
    }
    expect(installed.runtime.compiled).toHaveLength(2);
    expect(installed.runtime.runs).toBe(3);
  });

  it('split the region where it does not', () => {
    installed.runtime.hostValues = () => undefined;
    const model = reshaped();
    for (let call = 0; call < 3; call++) {
      const { fused, stock } = callBothWays(installed, () => run(model));
      expect(fused).toEqual(stock);
    }
    // The first call falls back to tfjs; the next ones run what is left as two regions.
    expect(installed.runtime.compiled).toHaveLength(2);
    expect(installed.runtime.runs).toBe(4);
  });
});

describe('compilers', () => {
  it('may refuse nodes', () => {
    installed.runtime.check = (graph) => {
      const bad = graph.nodes.find((node) => node.kernel === 'Neg');
      if (bad) throw new RefusedError('no negatives', [bad.origins[0]]);
    };
    const model = reshaped();
    for (let call = 0; call < 3; call++) {
      const { fused, stock } = callBothWays(installed, () => run(model));
      expect(fused).toEqual(stock);
    }
    expect(installed.runtime.kernels).not.toContain('Neg');
    expect(installed.runtime.runs).toBe(2);
  });

  it('may fail', () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    installed.runtime.check = () => {
      throw new TypeError('oops');
    };
    const model = reshaped();
    for (let call = 0; call < 3; call++) {
      const { fused, stock } = callBothWays(installed, () => run(model));
      expect(fused).toEqual(stock);
    }
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toContain('oops');
    warn.mockRestore();
  });
});

describe('nodes without a form in the IR', () => {
  it('give tfjs’s own errors', () => {
    const graph = new TestGraph();
    graph.placeholder('x', 'float32', [-1]);
    graph.node('a', 'Relu', ['x']);
    graph.node('b', 'AddV2', ['a', graph.constant([1, 2, 3])]);
    const model = graph.load();
    const wrong = { x: tf.ones([4]) };
    const { fused, stock } = callBothWays(installed, () => errorOf(() => model.predict(wrong)));
    expect(fused).toBe(stock);
    expect(fused).not.toBe('no error');
  });

  it('are found in one call, however many there are', () => {
    const graph = new TestGraph();
    graph.placeholder('x', 'float32', [2, 3]);
    graph.placeholder('i', 'int32', [2]);
    const refused = ['p', 'q', 'r'].map((name) => graph.node(name, 'Reshape', ['x', 'i']));
    graph.node('sum', 'AddN', refused);
    graph.node('y', 'Neg', ['sum']);
    installed.runtime.hostValues = () => undefined;
    const model = graph.load();
    const inputs = { x: tf.ones([2, 3]), i: tf.tensor1d([3, 2], 'int32') };
    for (let call = 0; call < 2; call++) {
      const { fused, stock } = callBothWays(installed, () => run(model, inputs));
      expect(fused).toEqual(stock);
    }
    expect(installed.runtime.runs).toBe(1);
  });

  it('may be values that are empty', () => {
    const graph = new TestGraph();
    graph.placeholder('x', 'float32', [-1, 2]);
    graph.node('a', 'Relu', ['x']);
    graph.node('b', 'Square', ['a']);
    const model = graph.load();
    const { fused, stock } = callBothWays(installed, () => run(model, { x: tf.zeros([0, 2]) }));
    expect(fused).toEqual(stock);
    run(model, { x: tf.ones([3, 2]) });
    expect(installed.runtime.runs).toBe(1);
  });

  it('may be strings', () => {
    const graph = new TestGraph();
    graph.placeholder('x', 'string', [-1]);
    graph.placeholder('n', 'float32', [-1]);
    graph.node('same', 'Equal', ['x', 'x']);
    graph.node('number', 'Cast', ['same'], { DstT: attr.type('float32') });
    graph.node('y', 'AddV2', ['number', 'n']);
    graph.node('z', 'Exp', ['y']);
    const model = graph.load();
    const inputs = { x: tf.tensor1d(['a', 'b']), n: tf.tensor1d([1, 2]) };
    for (let call = 0; call < 2; call++) {
      const { fused, stock } = callBothWays(installed, () => run(model, inputs));
      expect(fused).toEqual(stock);
    }
    expect(installed.runtime.kernels).toEqual(['Cast', 'Add', 'Exp']);
  });
});
