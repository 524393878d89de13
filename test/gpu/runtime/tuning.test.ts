/** Measuring candidates while a model warms up, with the kernels of a GPU on whatever adapter there is. */
import type { GraphModel } from '@tensorflow/tfjs-converter';
import * as fused from '../../../src/index';
import { forceAdapterClass, forceClassOfEnvironment } from '../../support/adapter-class';
import { useBackend } from '../../support/gpu';
import { expectClose, TestGraph, tf, values } from '../capture/support';

jest.setTimeout(120_000);
afterAll(forceClassOfEnvironment);

/** The backend anew: what it has measured is gone. */
async function startAnew(): Promise<void> {
  await useBackend(tf, 'cpu');
  tf.removeBackend(fused.BACKEND_NAME);
  forceAdapterClass('unknown');
  fused.register();
  await useBackend(tf, fused.BACKEND_NAME);
}

const x = values(256, 3);
const weights = values(256 * 64, 2);
/** What relu(x · w) is. */
const expected = Float32Array.from({ length: 64 }, (_, column) =>
  Math.max(
    0,
    x.reduce((sum, factor, k) => sum + factor * weights[k * 64 + column], 0),
  ),
);

/** relu(x · w) for x [1, 256]: a product of one row, which every GPU has several ways to divide. */
function row(): TestGraph {
  const graph = new TestGraph();
  graph.placeholder('x', 'float32', [1, 256]);
  graph.node('product', 'MatMul', ['x', graph.constant([...weights], [256, 64])]);
  graph.node('y', 'Relu', ['product']);
  return graph;
}

/** How the product of a warm model is computed; checks what it answers. */
async function choiceOf(model: GraphModel): Promise<fused.ChoiceRecord | undefined> {
  const input = tf.tensor2d(x, [1, 256]);
  const y = model.execute({ x: input }, 'y') as tf.Tensor;
  await expectClose(y, expected);
  tf.dispose([input, y]);
  return fused.explain(model).regions[0].plan?.kernels[0].choice;
}

beforeEach(startAnew);

test('without it, the table chooses', async () => {
  const model = row().load();
  expect((await fused.warmup(model)).tuned).toBe(0);
  const choice = await choiceOf(model);
  expect(choice).toMatchObject({ by: 'table' });
  expect(choice?.candidates).toBeGreaterThan(1);
  expect(choice?.times).toBeUndefined();
  expect(fused.exportTuning().choices).toEqual([]);
  model.dispose();
});

test('a model is tuned once, answers the same, and leaves nothing behind', async () => {
  const before = tf.memory().numTensors;
  const model = row().load();
  const steps: fused.WarmupProgress[] = [];
  const report = await fused.warmup(model, { tune: true, onProgress: (step) => steps.push(step) });
  expect(report.tuned).toBe(1);
  expect(steps.map(({ text }) => text)).toContain('tuned kernel 1 of 1');
  const progress = steps.map((step) => step.progress);
  expect(progress).toEqual([...progress].sort((a, b) => a - b));
  const choice = await choiceOf(model);
  expect(choice).toMatchObject({ by: 'tuned' });
  expect(Object.keys(choice?.times ?? {}).length).toBeGreaterThan(1);
  expect(Object.keys(choice?.times ?? {})).toContain(choice?.candidate);
  model.dispose();

  const again = row().load();
  expect((await fused.warmup(again, { tune: true })).tuned).toBe(0);
  expect(await choiceOf(again)).toEqual(choice);
  again.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('the flag tunes wherever it is not said', async () => {
  tf.env().set('WEBGPU_FUSED_TUNE', true);
  try {
    const model = row().load();
    expect((await fused.warmup(model, { tune: false })).tuned).toBe(0);
    model.dispose();
    const other = row().load();
    expect((await fused.warmup(other)).tuned).toBe(1);
    other.dispose();
  } finally {
    tf.env().set('WEBGPU_FUSED_TUNE', false);
  }
});

test('what is imported is taken, by models that are compiled afterwards', async () => {
  const model = row().load();
  await fused.warmup(model, { tune: true });
  const exported = fused.exportTuning();
  model.dispose();
  await startAnew();
  const [choice] = exported.choices;
  const loser = Object.keys(choice.times).find((name) => name !== choice.best) as string;
  const turned = { ...exported, choices: [{ ...choice, best: loser }] };
  expect(fused.importTuning(JSON.stringify(turned))).toBe(1);
  const other = row().load();
  // Nobody asks for measurements, and nothing is measured.
  expect((await fused.warmup(other)).tuned).toBe(0);
  expect(await choiceOf(other)).toMatchObject({ candidate: loser, by: 'tuned' });
  other.dispose();
});

test('what does not fit is refused', async () => {
  const exported = fused.exportTuning();
  expect(() => fused.importTuning('{')).toThrow('got text that is no JSON');
  expect(() => fused.importTuning({ ...exported, adapter: 'apple, m3' })).toThrow(
    `got choices for adapter 'apple, m3'; needs '${exported.adapter}'`,
  );
  expect(() => fused.importTuning({ ...exported, version: '0.0.1' })).toThrow(
    `got choices for version '0.0.1'; needs '${fused.version}'`,
  );
  await useBackend(tf, 'cpu');
  expect(() => fused.exportTuning()).toThrow("got the backend 'cpu'; needs 'webgpu-fused'");
});
