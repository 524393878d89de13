/** Recurrent layers: a step is a dispatch, and the answers are those of `cpu`. */
import { countGpu } from '../../support/count-gpu';
import { exhaustively } from '../../support/exhaustively';
import { expectClose, resident, tf, useLazy, useReference } from './support';

// Software drivers take long for pipelines that they have not seen before.
jest.setTimeout(300_000);

type LayerName = 'lstm' | 'gru' | 'simpleRNN';

interface Options {
  readonly units?: number;
  readonly returnSequences?: boolean;
  readonly goBackwards?: boolean;
  readonly recurrentActivation?: 'sigmoid' | 'hardSigmoid';
}

function modelOf(name: LayerName, steps: number, depth: number, options: Options): tf.Sequential {
  let seed = 1;
  const init = () => tf.initializers.randomUniform({ minval: -0.3, maxval: 0.3, seed: seed++ });
  const make = tf.layers[name] as (args: object) => tf.layers.Layer;
  const recurrent = make({
    ...{ units: 16, inputShape: [steps, depth], ...options },
    ...{ kernelInitializer: init(), recurrentInitializer: init(), biasInitializer: init() },
  });
  return tf.sequential({ layers: [recurrent] });
}

/** What a layer answers on the backend in use, and what a call of it takes once it is known. */
async function predict(name: LayerName, batch: number, steps: number, options: Options = {}) {
  const depth = 12;
  const model = modelOf(name, steps, depth, options);
  const x = resident([batch, steps, depth], 5);
  let values: number[] = [];
  const call = async () => {
    const y = tf.tidy(() => model.predict(x) as tf.Tensor);
    values = Array.from(await y.data());
    y.dispose();
  };
  // The reference knows no plans that come with the second call.
  const warmups = tf.getBackend() === 'cpu' ? 0 : 4;
  for (let run = 0; run < warmups; run++) await call();
  const counts = await countGpu(call);
  x.dispose();
  model.dispose();
  return { values, ...counts };
}

const CALLS: Readonly<Record<string, readonly [batch: number, steps: number, Options]>> = {
  'one row': [1, 7, {}],
  'some rows': [5, 7, {}],
  'one step': [3, 1, {}],
  'all outputs': [2, 6, { returnSequences: true }],
  backwards: [3, 5, { goBackwards: true }],
  'an odd number of units': [3, 5, { units: 7 }],
  'one unit': [2, 4, { units: 1 }],
};

/** What is tried of each layer: all of it of the first. */
const callsOf: Readonly<Record<LayerName, readonly string[]>> = {
  lstm: Object.keys(CALLS),
  gru: ['some rows', 'all outputs', 'an odd number of units'],
  simpleRNN: ['one row', 'backwards', 'one unit'],
};

describe.each(['lstm', 'gru', 'simpleRNN'] as const)('%s', (name) => {
  const others = Object.keys(CALLS).filter((call) => !callsOf[name].includes(call));
  test.each([...callsOf[name], ...exhaustively(others)])('%s', async (call) => {
    const [batch, steps, options] = CALLS[call];
    await useReference('cpu');
    const expected = await predict(name, batch, steps, options);
    await useLazy();
    const actual = await predict(name, batch, steps, options);
    expectClose(actual.values, expected.values, 1e-5);
  });
});

const STEPS = 100;

test.each(['lstm', 'gru'] as const)('a long sequence of %s is one kernel', async (name) => {
  await useReference('cpu');
  const expected = await predict(name, 1, STEPS, { units: 128 });
  await useLazy();
  const actual = await predict(name, 1, STEPS, { units: 128 });
  expectClose(actual.values, expected.values, 1e-4);
  // The sum that makes the first state, the product of all inputs, the steps, and the last of them.
  expect(actual.dispatches).toBeLessThanOrEqual(4);
  // Two for the sequence, one for reading.
  expect(actual.submits).toBeLessThanOrEqual(3);
});

test('what is too large for a workgroup is a dispatch a step', async () => {
  await useReference('cpu');
  const expected = await predict('lstm', 2, 10, { units: 200 });
  await useLazy();
  const actual = await predict('lstm', 2, 10, { units: 200 });
  expectClose(actual.values, expected.values, 1e-4);
  expect(actual.dispatches).toBeLessThanOrEqual(13);
});
