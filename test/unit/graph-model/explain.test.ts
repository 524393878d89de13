import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { explain, optimize } from '../../../src/graph-model';
import { useHook } from './support/install';
import { LEFT_TO_TFJS, TestGraph, attr } from './support/test-graph';

const installed = useHook();

function divided(): TestGraph {
  const graph = new TestGraph();
  graph.placeholder('x', 'float32', [-1, 4]);
  graph.node('a', 'Relu', ['x']);
  graph.node('b', 'Square', ['a']);
  graph.node('flat', 'Reshape', ['b', graph.ints([-1])]);
  graph.leftToTfjs('top', 'flat', 4);
  graph.node('c', 'Neg', ['top']);
  graph.node('d', 'Exp', ['c']);
  return graph;
}

describe('explain', () => {
  it('says what became of each node', () => {
    const model = divided().load();
    model.execute({ x: tf.ones([1, 4]) }, 'd');
    const told = explain(model);
    const fates = Object.fromEntries(told.nodes.map((node) => [node.name, node.fate]));
    expect(fates).toEqual({
      a: 'fused',
      b: 'fused',
      flat: 'fused',
      top: 'stock',
      c: 'fused',
      d: 'fused',
    });
    expect(told.nodes.find((node) => node.name === 'top')?.reason).toBe(
      `op ${LEFT_TO_TFJS} is registered by the app`,
    );
    expect(told.dispatches.before).toBe(5);
    expect(told.regions.map((region) => region.nodes)).toEqual([3, 2]);
    expect(told.refused).toContainEqual({
      nodes: ['top'],
      rule: 'region',
      reason: `op ${LEFT_TO_TFJS} is registered by the app`,
    });
    expect(() => JSON.stringify(told)).not.toThrow();
  });

  it('says what warm calls replay, and why not all', async () => {
    const whole = new TestGraph();
    whole.placeholder('x', 'float32', [-1, 4]);
    whole.node('a', 'Relu', ['x']);
    whole.node('b', 'Square', ['a']);
    expect((await optimize(whole.load())).capture).toEqual({ replayed: 'call', reason: null });

    const dynamic = new TestGraph();
    dynamic.placeholder('x', 'float32', [-1, 4]);
    dynamic.node('a', 'Relu', ['x']);
    dynamic.node('b', 'Square', ['a']);
    dynamic.node('large', 'Where', ['b']);
    expect((await optimize(dynamic.load())).capture).toEqual({
      replayed: 'regions',
      reason: 'Where (large) reads values back to know the shape of its result',
    });

    const model = divided().load();
    installed.runtime.obstacle = 'WEBGPU_FUSED_CAPTURE is off';
    model.execute({ x: tf.ones([1, 4]) }, 'd');
    expect(explain(model).capture).toEqual({
      replayed: 'nothing',
      reason: 'WEBGPU_FUSED_CAPTURE is off',
    });
  });

  it('needs a model that is rewritten', () => {
    const model = divided().load();
    expect(() => explain(model)).toThrow('has not run');
    installed.enabled = false;
    expect(() => explain(model)).toThrow('WEBGPU_FUSED_REWRITE');
  });
});

describe('optimize', () => {
  it('compiles a whole model without running it', async () => {
    const graph = new TestGraph();
    graph.placeholder('x', 'float32', [-1, 4]);
    graph.node('a', 'Relu', ['x']);
    graph.node('b', 'Square', ['a']);
    const model = graph.load();
    const told = await optimize(model, { inputs: { x: [3, 4] } });
    expect(told.nodes.map(({ fate }) => fate)).toEqual(['fused', 'fused']);
    expect(installed.runtime.runs).toBe(0);
    model.predict(tf.ones([3, 4]));
    expect(installed.runtime.compiled).toHaveLength(1);
  });

  it('runs a divided model until it is settled, and leaves nothing behind', async () => {
    const model = divided().load();
    const before = tf.memory().numTensors;
    await optimize(model, { outputs: 'd' });
    expect(tf.memory().numTensors).toBe(before);
    expect(installed.runtime.compiled).toHaveLength(2);
  });

  it('asks for shapes that the model does not tell', async () => {
    const graph = new TestGraph();
    graph.node('x', 'Placeholder', [], { dtype: attr.type('float32') });
    graph.node('a', 'Relu', ['x']);
    graph.node('b', 'Square', ['a']);
    const model = graph.load();
    await expect(optimize(model)).rejects.toThrow('no shape for input x');
    await optimize(model, { inputs: { x: tf.ones([2]) } });
    expect(installed.runtime.compiled).toHaveLength(1);
  });
});
