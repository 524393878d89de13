/** `verify`: what it says of models, layers models and functions, right ones and wrong ones. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { WebGPUFusedBackend } from '../../../src/backend/backend';
import { register } from '../../../src/pure';
import { matmulKernel } from '../../../src/fused-kernels/matmul';
import { softmax } from '../../../src/patterns/rules/softmax';
import { verified, verify } from '../../../src/verify';
import { doubleStores, spoilFamily, spoilRule } from '../../support/plants/plant';
import { useBackend } from '../../support/gpu';
import { TestGraph, values } from '../capture/support';
import { encoderGraph, encoderLayers, encoderWeights } from '../../support/transformers/encoder';

register();

const sizes = { batch: 1, tokens: 6, width: 16, heads: 2, hidden: 24, layers: 1 };
const weights = encoderWeights(sizes);

beforeEach(() => useBackend(tf, 'webgpu-fused'));

async function planted<T>(restore: () => void, run: () => Promise<T>): Promise<T> {
  const backend = tf.backend() as WebGPUFusedBackend;
  // Shaders are written once for each target.
  const renewTarget = () => Object.assign(backend, { target: { ...backend.target } });
  renewTarget();
  try {
    return await run();
  } finally {
    restore();
    renewTarget();
  }
}

describe('nothing diverges, and nothing is left behind', () => {
  test('a graph model, with inputs of its own making', async () => {
    const model = encoderGraph(sizes, weights).load();
    const { numTensors } = tf.memory();
    const found = await verify(model);
    expect(found.text).toMatch(/nothing diverges/);
    expect(found.ok).toBe(true);
    expect(found.plans).toBeGreaterThan(0);
    for (const { error, difference } of found.outputs) {
      expect(error).toBeLessThan(1e-5);
      expect(difference).toBeLessThan(1e-5);
    }
    expect(tf.memory().numTensors).toBe(numTensors);
    model.dispose();
  });

  test('a graph model that waits for a count', async () => {
    const graph = new TestGraph();
    graph.placeholder('x', 'float32', [3, 5]);
    graph.node('large', 'Greater', ['x', graph.constant(0.3)]);
    graph.node('where', 'Where', ['large']);
    graph.node('y', 'GatherNd', ['x', 'where']);
    const model = graph.load();
    const x = tf.tensor2d(values(15, 1), [3, 5]);
    // Plans of such a call are submitted with its read.
    for (let call = 0; call < 2; call++) {
      expect(await verify(model, { x })).toMatchObject({ ok: true });
    }
    x.dispose();
    model.dispose();
  });

  test('a layers model', async () => {
    const model = encoderLayers(sizes, weights);
    const found = await verify(model, tf.randomNormal([1, 6, 16], 0, 1, 'float32', 3));
    expect(found.text).toMatch(/nothing diverges/);
    expect(found.plans).toBeGreaterThan(0);
  });

  test('a function', async () => {
    const x = tf.randomUniform([5, 12], -1, 1, 'float32', 4);
    const w = tf.randomUniform([12, 7], -1, 1, 'float32', 5);
    const found = await verify((a, b) => tf.softmax(tf.relu(tf.matMul(a, b))), [x, w]);
    expect(found.text).toMatch(/nothing diverges/);
    expect(found.plans).toBeGreaterThan(0);
  });
});

describe('what is wrong is named, and taken out of use', () => {
  test('a kernel of a graph model', async () => {
    const model = encoderGraph(sizes, weights).load();
    const x = tf.randomNormal([1, 6, 16], 0, 1, 'float32', 3);
    await useBackend(tf, 'cpu');
    const right = (await (model.predict(x) as tf.Tensor).data()).slice();
    await useBackend(tf, 'webgpu-fused');
    await planted(spoilFamily(matmulKernel, doubleStores), async () => {
      const found = await verify(model, x);
      expect(found.ok).toBe(false);
      const [{ kind, family, nodes, reproduction }] = found.divergences;
      expect({ kind, family }).toEqual({ kind: 'kernel', family: 'matmul' });
      expect(nodes.length).toBeGreaterThan(0);
      expect(found.text).toContain(nodes[0]);
      expect(await runScript(reproduction)).toBeGreaterThan(0);
      // Without compiling anew: what was found wrong is tfjs's to run.
      const after = await (model.predict(x) as tf.Tensor).data();
      right.forEach((value, i) => expect(after[i]).toBeCloseTo(value, 4));
    });
    model.dispose();
  });

  test('a rule, in eager code', async () => {
    const x = tf.randomUniform([40, 64], -1, 1, 'float32', 4);
    const run = (a: tf.Tensor) =>
      tf.tidy(() => {
        const e = tf.exp(tf.sub(a, tf.max(a, -1, true)));
        return tf.div(e, tf.sum(e, -1, true));
      });
    await planted(spoilRule(softmax), async () => {
      const found = await verify(run, [x]);
      expect(found.divergences[0]).toMatchObject({ kind: 'rule', rules: ['softmax'] });
      expect(found.divergences[0].nodes.join()).toMatch(/Exp#/);
    });
  });
});

test('WEBGPU_FUSED_VERIFY judges plans at their first run', async () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  tf.env().set('WEBGPU_FUSED_VERIFY', true);
  const model = encoderGraph(sizes, weights).load();
  const x = tf.randomNormal([1, 6, 16], 0, 1, 'float32', 3);
  try {
    await planted(spoilFamily(matmulKernel, doubleStores), async () => {
      const first = await (model.predict(x) as tf.Tensor).data();
      let answer = first;
      // Each call leaves more of what is wrong to tfjs.
      for (let call = 0; call < 8; call++) {
        await verified();
        answer = await (model.predict(x) as tf.Tensor).data();
      }
      expect(warn.mock.calls.flat().join('\n')).toMatch(/verify: matmul kernel/);
      tf.env().set('WEBGPU_FUSED_REWRITE', false);
      const right = await (model.predict(x) as tf.Tensor).data();
      right.forEach((value, i) => expect(answer[i]).toBeCloseTo(value, 4));
      expect(first).not.toEqual(answer);
    });
  } finally {
    tf.env().set('WEBGPU_FUSED_VERIFY', false);
    tf.env().set('WEBGPU_FUSED_REWRITE', true);
    (tf.backend() as { auditor?: unknown }).auditor = null;
    warn.mockRestore();
    model.dispose();
  }
});

test('says what it needs', async () => {
  await expect(verify(null as never)).rejects.toThrow(/got null; needs a graph model/);
  await useBackend(tf, 'cpu');
  await expect(verify(() => tf.scalar(1))).rejects.toThrow(/got the backend 'cpu'/);
});

/** Runs a reproduction, and answers how many elements it found wrong. */
async function runScript(script: string): Promise<number> {
  const AsyncFunction = (async () => undefined).constructor as new (
    body: string,
  ) => () => Promise<void>;
  const log = jest.spyOn(console, 'log').mockImplementation(() => undefined);
  await new AsyncFunction(script)();
  log.mockRestore();
  return (globalThis as { reproduced?: number }).reproduced ?? 0;
}
