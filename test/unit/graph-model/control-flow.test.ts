import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { GraphModel } from '@tensorflow/tfjs-converter';
import { errorOf, useHook } from './support/install';
import { TestGraph, attr } from './support/test-graph';

const installed = useHook();

/** Runs a model both ways, and compares values and what is left in memory. */
async function expectSameAsync(
  model: GraphModel,
  inputs: tf.NamedTensorMap,
  outputs?: string | string[],
): Promise<void> {
  const once = async () => {
    const before = tf.memory().numTensors;
    const results = [await model.executeAsync(inputs, outputs)].flat();
    const values = results.map((tensor) => [tensor.shape, tensor.arraySync()]);
    tf.dispose(results);
    return { values, left: tf.memory().numTensors - before };
  };
  installed.enabled = false;
  const stock = await once();
  installed.enabled = true;
  for (let call = 0; call < 3; call++) expect(await once()).toEqual(stock);
}

/** Adds two nodes that are worth a region. */
function pair(graph: TestGraph, name: string, input: string): string {
  graph.node(`${name}_square`, 'Square', [input]);
  return graph.node(name, 'AddV2', [`${name}_square`, graph.constant(1)]);
}

/** TF1's `cond(p, x² + 1 then …, −x)`, with regions before, in and after it. */
function conditional(): TestGraph {
  const graph = new TestGraph();
  graph.placeholder('x', 'float32', [-1]);
  graph.placeholder('p', 'bool', []);
  pair(graph, 'before', 'x');
  graph.node('switch', 'Switch', ['before', 'p']);
  graph.node('no', 'Identity', ['switch']);
  graph.node('yes', 'Identity', ['switch:1']);
  pair(graph, 'then', 'yes');
  graph.node('else_neg', 'Neg', ['no']);
  graph.node('else', 'Exp', ['else_neg', '^no']);
  graph.node('merge', 'Merge', ['else', 'then']);
  pair(graph, 'after', 'merge');
  return graph;
}

/** TF1's `while (i < n) { i += 1; x = x · 2 }`, with regions before and after it. */
function loop(): TestGraph {
  const graph = new TestGraph();
  const frame = { frame_name: attr.s('loop'), is_constant: attr.b(false) };
  graph.placeholder('x', 'float32', [-1]);
  pair(graph, 'before', 'x');
  graph.node('i_enter', 'Enter', [graph.constant(0, [], 'int32')], frame);
  graph.node('x_enter', 'Enter', ['before'], frame);
  graph.node('i_merge', 'Merge', ['i_enter', 'i_next']);
  graph.node('x_merge', 'Merge', ['x_enter', 'x_next']);
  graph.node('n', 'Enter', [graph.constant(3, [], 'int32')], {
    ...frame,
    is_constant: attr.b(true),
  });
  graph.node('less', 'Less', ['i_merge', 'n']);
  graph.node('go', 'LoopCond', ['less']);
  graph.node('i_switch', 'Switch', ['i_merge', 'go']);
  graph.node('x_switch', 'Switch', ['x_merge', 'go']);
  graph.node('one', 'Enter', [graph.constant(1, [], 'int32')], {
    ...frame,
    is_constant: attr.b(true),
  });
  graph.node('i_plus', 'AddV2', ['i_switch:1', 'one']);
  graph.node('x_twice', 'AddV2', ['x_switch:1', 'x_switch:1']);
  graph.node('i_next', 'NextIteration', ['i_plus']);
  graph.node('x_next', 'NextIteration', ['x_twice']);
  graph.node('done', 'Exit', ['x_switch']);
  pair(graph, 'after', 'done');
  return graph;
}

describe('TF1 control flow', () => {
  it.each([true, false])('runs branches (%s)', async (p) => {
    const model = conditional().load();
    const inputs = { x: tf.tensor1d([1, -2]), p: tf.scalar(p, 'bool') };
    await expectSameAsync(model, inputs, 'after');
    // Before, after, and the branch that no input orders.
    expect(installed.runtime.compiled).toHaveLength(p ? 3 : 2);
  });

  it('leaves loops to tfjs, and takes what is around them', async () => {
    await expectSameAsync(loop().load(), { x: tf.tensor1d([1, -2]) }, 'after');
    expect(installed.runtime.compiled).toHaveLength(2);
  });

  it('needs executeAsync, as ever', () => {
    const model = conditional().load();
    const call = () =>
      errorOf(() => model.execute({ x: tf.tensor1d([1]), p: tf.scalar(true, 'bool') }, 'after'));
    const fused = call();
    installed.enabled = false;
    expect(fused).toBe(call());
    expect(fused).toContain('executeAsync');
  });

  it('keeps no assertion that nothing depends on', async () => {
    const graph = new TestGraph();
    graph.placeholder('x', 'float32', [-1]);
    graph.node('shape', 'Shape', ['x']);
    graph.node('known', 'Equal', ['shape', 'shape']);
    graph.node('fine', 'All', ['known', graph.ints([0])]);
    graph.node('switch', 'Switch', ['fine', 'fine']);
    graph.node('f', 'Identity', ['switch']);
    graph.node('t', 'Identity', ['switch:1']);
    graph.node('asserted', 'Merge', ['f', 't']);
    pair(graph, 'sum', 'x');
    graph.node('y', 'Identity', ['sum', '^asserted']);
    const model = graph.load();
    await expectSameAsync(model, { x: tf.tensor1d([1, 2]) }, 'y');
    expect(installed.runtime.compiled[0].graph.nodes.map((node) => node.kernel)).toEqual([
      'Square',
      'Add',
    ]);
  });
});

describe('TF2 control flow', () => {
  function statelessIf(): TestGraph {
    const graph = new TestGraph();
    const body = (name: string, op: string) => ({
      signature: {
        name,
        inputArg: [{ name: 'a', type: 'DT_FLOAT' }],
        outputArg: [{ name: 'r', type: 'DT_FLOAT' }],
      },
      nodeDef: [{ name: 'n', op, input: ['a'] }],
      ret: { r: 'n:y:0' },
    });
    graph.functions.push(body('then_body', 'Neg'), body('else_body', 'Exp'));
    graph.placeholder('x', 'float32', [-1]);
    graph.placeholder('p', 'bool', []);
    pair(graph, 'before', 'x');
    graph.node('if', 'StatelessIf', ['p', 'before'], {
      then_branch: { func: { name: 'then_body' } } as never,
      else_branch: { func: { name: 'else_body' } } as never,
    });
    pair(graph, 'after', 'if');
    return graph;
  }

  it.each([true, false])('runs bodies by tfjs (%s)', async (p) => {
    const inputs = { x: tf.tensor1d([1, -2]), p: tf.scalar(p, 'bool') };
    await expectSameAsync(statelessIf().load(), inputs, 'after');
    expect(installed.runtime.compiled).toHaveLength(2);
  });
});

describe('ops whose shapes depend on data', () => {
  it('need not divide a model', async () => {
    const graph = new TestGraph();
    graph.placeholder('x', 'float32', [-1]);
    pair(graph, 'before', 'x');
    graph.node('positive', 'Greater', ['before', graph.constant(2)]);
    graph.node('where', 'Where', ['positive']);
    graph.node('indices', 'Squeeze', ['where'], { squeeze_dims: attr.ints([1]) });
    graph.node('picked', 'GatherV2', ['before', 'indices', graph.ints(0)]);
    pair(graph, 'after', 'picked');
    const model = graph.load();
    await expectSameAsync(model, { x: tf.tensor1d([1, -2, 3]) }, ['after', 'before']);
    expect(installed.runtime.compiled).toHaveLength(1);
  });
});

describe('resources', () => {
  it('are initialized once and shared', async () => {
    const graph = new TestGraph();
    graph.placeholder('x', 'float32', [-1]);
    graph.placeholder('captured', 'float32', [-1]);
    graph.node('sum', 'AddV2', ['x', 'captured']);
    graph.node('y', 'Square', ['sum']);
    graph.constant([1, 2], [2], 'float32', 'initial');
    const model = graph.load({
      signature: {
        inputs: { x: { name: 'x' }, captured: { name: 'captured', resourceId: 7 } },
        outputs: { y: { name: 'y' } },
      },
      modelInitializer: {
        node: [
          { name: 'initial', op: 'Const', attr: { dtype: attr.type('float32') } },
          { name: 'start', op: 'Neg', input: ['initial'], attr: {} },
        ],
        versions: { producer: 1, minConsumer: 1 },
      },
      initializerSignature: { outputs: { start: { name: 'start', resourceId: 7 } } },
    });
    const x = tf.tensor1d([5, 6]);
    const first = model.predict(x) as tf.Tensor;
    expect(first.arraySync()).toEqual([16, 16]);
    const again = (await model.executeAsync({ x })) as tf.Tensor;
    expect(again.arraySync()).toEqual([16, 16]);
    expect(installed.runtime.runs).toBe(2);
  });
});

describe('executeAsync', () => {
  it('warns of models that do not need it, once', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const graph = new TestGraph();
    graph.placeholder('x', 'float32', [-1]);
    pair(graph, 'y', 'x');
    const model = graph.load();
    for (let call = 0; call < 3; call++) await model.executeAsync(tf.ones([2]), 'y');
    expect(warn).toHaveBeenCalledTimes(1);
    expect(installed.runtime.runs).toBe(3);
    warn.mockRestore();
  });

  it('may run several times at once, and be disposed of afterwards', async () => {
    const model = conditional().load();
    const calls = [true, false, true].map((p) =>
      model.executeAsync({ x: tf.tensor1d([1, 2]), p: tf.scalar(p, 'bool') }, 'after'),
    );
    const results = (await Promise.all(calls)) as tf.Tensor[];
    expect(results[0].arraySync()).toEqual(results[2].arraySync());
    model.dispose();
    expect(installed.runtime.disposed).toHaveLength(installed.runtime.compiled.length);
  });
});
