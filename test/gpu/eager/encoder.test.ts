/** One encoder block as a graph model, as a layers model and written eagerly: as few kernels each. */
import * as tf from '@tensorflow/tfjs';
import { capture, explain } from '../../../src/index';
import { seededNumbers } from '../../support/small-graph-model';
import {
  encoderEager,
  encoderGraph,
  encoderLayers,
  encoderWeights,
} from '../../support/transformers/encoder';
import { expectClose, trace, useLazy, useReference } from './support';

const OPTIONS = { batch: 1, tokens: 24, width: 32, heads: 4, hidden: 64, layers: 1 };
const SHAPE = [OPTIONS.batch, OPTIONS.tokens, OPTIONS.width];
const MOST_DISPATCHES = 7;
/** Sums of up to 64 products, normalised in between. */
const TOLERANCE = 4e-6;

const weights = encoderWeights(OPTIONS);

function data(seed: number): tf.Tensor {
  return tf.tensor(seededNumbers(seed, OPTIONS.tokens * OPTIONS.width), SHAPE);
}

async function valuesOf(y: tf.Tensor): Promise<number[]> {
  const values = [...(await y.data())];
  y.dispose();
  return values;
}

/** What `cpu` answers for the data of several seeds. */
async function expectedFor(seeds: readonly number[]): Promise<number[][]> {
  await useReference('cpu');
  const model = encoderEager(OPTIONS, weights);
  const answers: number[][] = [];
  for (const seed of seeds) answers.push(await valuesOf(tf.tidy(() => model.run(data(seed)))));
  model.dispose();
  return answers;
}

const SEEDS = [1, 2, 3, 4, 5, 5, 5, 6];

test('as a graph model', async () => {
  const expected = await expectedFor(SEEDS);
  await useLazy();
  const model = encoderGraph(OPTIONS, weights).load();
  for (const [i, seed] of SEEDS.entries()) {
    expectClose(
      await valuesOf(tf.tidy(() => model.execute(data(seed), 'y') as tf.Tensor)),
      expected[i],
      TOLERANCE,
    );
  }
  expect(explain(model).dispatches.after).toBeLessThanOrEqual(MOST_DISPATCHES);
  model.dispose();
});

test.each([
  ['as a layers model', encoderLayers],
  ['written eagerly', encoderEager],
] as const)('%s', async (_form, make) => {
  const expected = await expectedFor(SEEDS);
  await useLazy();
  const model = make(OPTIONS, weights);
  const run = (x: tf.Tensor): tf.Tensor =>
    'predict' in model ? (model.predict(x) as tf.Tensor) : model.run(x);
  const dispatches: number[] = [];
  for (const [i, seed] of SEEDS.entries()) {
    expectClose(await valuesOf(tf.tidy(() => run(data(seed)))), expected[i], TOLERANCE);
    dispatches.push(trace().dispatches);
  }
  expect(dispatches.at(-1)).toBeLessThanOrEqual(MOST_DISPATCHES);
  model.dispose();
});

test('written eagerly and captured', async () => {
  const expected = await expectedFor(SEEDS);
  await useLazy();
  const model = encoderEager(OPTIONS, weights);
  const captured = capture((x: tf.Tensor) => model.run(x));
  for (const [i, seed] of SEEDS.entries()) {
    const x = data(seed);
    expectClose(await valuesOf(captured(x)), expected[i], TOLERANCE);
    x.dispose();
  }
  expect(captured.status.isReplayed).toBe(true);
  // The call that was kept is the one for constants.
  expect(trace().dispatches).toBeLessThanOrEqual(MOST_DISPATCHES);
  captured.dispose();
  model.dispose();
});
