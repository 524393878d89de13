/** What `explain`, `optimize` and `warmup` say of arguments that do not fit. */
import type { GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { explain, optimize, warmup } from '../../../src/graph-model';
import { useHook } from './support/install';
import { TestGraph } from './support/test-graph';

const installed = useHook();

function load(): GraphModel {
  const graph = new TestGraph();
  graph.placeholder('image', 'float32', [-1, 4]);
  graph.placeholder('mask', 'bool', [-1]);
  graph.node('a', 'Relu', ['image']);
  graph.node('y', 'Sin', ['a']);
  graph.node('z', 'LogicalNot', ['mask']);
  graph.node('u', 'LogicalNot', ['z']);
  return graph.load();
}

const CALLS = { explain, optimize, warmup } as const;
type Call = keyof typeof CALLS;

/** The message of the error of a call, whether it throws or rejects. */
async function messageOf(call: () => unknown): Promise<string> {
  try {
    await call();
    return 'no error';
  } catch (error) {
    return (error as Error).message;
  }
}

describe.each(Object.keys(CALLS) as Call[])('%s', (name) => {
  const call = CALLS[name] as (model: unknown) => unknown;

  test.each([
    ['null', null, /got null; needs a graph model. Pass what await tf.loadGraphModel/],
    ['undefined', undefined, /got undefined; needs a graph model/],
    ['a URL', 'model.json', /got model.json; needs a graph model/],
    ['an object', {}, /got an object that is no model/],
    ['a promise', Promise.resolve(), /got a promise; needs a graph model. Pass what await/],
    ['a layers model', { layers: [] }, /got a layers model; needs a graph model.*lastTrace\(\)/],
  ])('of %s', async (_what, model, message) => {
    const said = await messageOf(() => call(model));
    expect(said).toMatch(message);
    expect(said).toContain(`[webgpu-fused] ${name}: got `);
  });

  test('of a model of another copy of tfjs names register()', async () => {
    const other = { execute: () => undefined };
    expect(await messageOf(() => call(other))).toMatch(
      /not registered, as of another copy of tfjs.*register\(\{ GraphModel: model.constructor/,
    );
  });

  test('of a model that is not rewritten says why', async () => {
    const model = load();
    installed.enabled = false;
    expect(await messageOf(() => call(model))).toMatch(/because WEBGPU_FUSED_REWRITE is off/);
  });
});

describe.each(['optimize', 'warmup'] as const)('%s', (name) => {
  const call = CALLS[name] as (model: GraphModel, options: unknown) => Promise<unknown>;

  test.each([
    ['options that are none', null, /got null; needs an object of options, or none/],
    [
      'a tensor for options',
      tf.ones([2]),
      /got a tensor of shape \[2\]; needs an object of options/,
    ],
    [
      'a list of inputs',
      { inputs: [[1, 4]] },
      /inputs \[\[1,4\]\]; needs tensors or shapes by the name/,
    ],
    ['null for inputs', { inputs: null }, /inputs null; needs tensors or shapes/],
    [
      'an unknown input',
      { inputs: { foo: [1] } },
      /input 'foo'; needs inputs of the model: 'image', 'mask'/,
    ],
    [
      'null for an input',
      { inputs: { image: null } },
      /got null for input 'image'; needs float32 of shape \[any, 4\]/,
    ],
    ['a wrong rank', { inputs: { image: [1, 4, 1] } }, /got shape \[1,4,1\] for input 'image'/],
    ['a wrong size', { inputs: { image: [1, 5] } }, /got shape \[1,5\] for input 'image'/],
    ['an open dimension', { inputs: { image: [-1, 4] } }, /got \[-1,4\] for input 'image'/],
    [
      'a wrong dtype',
      { inputs: { mask: tf.ones([2]) } },
      /got float32 \[2\] for input 'mask'; needs bool/,
    ],
    ['a wrong tensor', { inputs: { image: tf.ones([2]) } }, /got shape \[2\] for input 'image'/],
    [
      'an unknown output',
      { outputs: ['y', 'x'] },
      /an output "x"; needs a node of the model. Its outputs are/,
    ],
    ['no text for an output', { outputs: [3] }, /an output 3; needs a node/],
  ])('with %s', async (_what, options, message) => {
    const said = await messageOf(() => call(load(), options));
    expect(said).toMatch(message);
    expect(said).toContain(`[webgpu-fused] ${name}: got `);
  });

  test('with what fits', async () => {
    const inputs = { image: [3, 4], mask: tf.tensor1d([1, 0], 'bool') };
    expect(await messageOf(() => call(load(), { inputs, outputs: 'y' }))).toBe('no error');
    expect(await messageOf(() => call(load(), { outputs: ['y', 'u:0'] }))).toBe('no error');
    expect(await messageOf(() => call(load(), {}))).toBe('no error');
  });

  test('with a disposed example', async () => {
    const image = tf.ones([1, 4]);
    image.dispose();
    expect(await messageOf(() => call(load(), { inputs: { image } }))).toMatch(/was disposed/);
  });
});

test('warmup with no function for onProgress', async () => {
  const options = { onProgress: 'yes' } as never;
  expect(await messageOf(() => warmup(load(), options))).toMatch(
    /onProgress "yes"; needs a function/,
  );
});
