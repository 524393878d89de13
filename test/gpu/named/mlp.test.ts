import { mlp, type ActivationName, type DenseLayer } from '../../../src/index';
import { activated } from '../../support/composed';
import { wave } from '../../support/gradients';
import { same, check, tf, trace, useLazy } from './support';

/** Layers from sizes; every other one has a bias. */
function layersOf(sizes: readonly number[], activation: ActivationName = 'gelu'): DenseLayer[] {
  return sizes.slice(1).map((units, i) => ({
    weights: wave([sizes[i], units], i + 2),
    bias: i % 2 === 0 ? wave([units], i + 7) : null,
    activation: i + 2 < sizes.length ? activation : null,
  }));
}

async function checkAtMost(program: () => tf.Tensor, layers: number): Promise<void> {
  await useLazy();
  const y = tf.tidy(program);
  await y.data();
  y.dispose();
  const { dispatches } = trace();
  expect(dispatches).toBeLessThanOrEqual(layers);
  await check(program, dispatches);
}

describe('mlp takes at most a dispatch a layer', () => {
  test.each<[number[], number[]]>([
    [[1], [1, 1]],
    [[7], [7, 5]],
    [
      [3, 8],
      [8, 16, 4],
    ],
    [
      [2, 3, 5],
      [5, 9, 7, 3],
    ],
    [
      [33, 20],
      [20, 64, 64, 10],
    ],
    [
      [1, 2, 2, 6],
      [6, 12, 1],
    ],
  ])('%j through %j', async (shape, sizes) => {
    await checkAtMost(() => mlp(wave(shape), layersOf(sizes)), sizes.length - 1);
  });

  test.each(Object.keys(activated).filter((name) => name !== 'softmax'))('%s', async (name) => {
    const layers = () => layersOf([6, 9, 5, 3], name as ActivationName);
    await checkAtMost(() => mlp(wave([4, 6], 1, 3), layers()), 3);
  });

  test('softmax takes one more', async () => {
    const layers = () => [{ weights: wave([6, 5], 2), activation: 'softmax' as const }];
    await checkAtMost(() => mlp(wave([4, 6]), layers()), 2);
  });

  test('a row with a NaN is NaN, others are not', async () => {
    await checkAtMost(
      () =>
        mlp(
          [
            [1, NaN],
            [2, 3],
          ],
          layersOf([2, 3, 2], 'relu'),
        ),
      2,
    );
  });

  test('no rows, no units', async () => {
    await useLazy();
    expect(mlp(tf.zeros([0, 4]), layersOf([4, 3])).shape).toEqual([0, 3]);
    expect(mlp(tf.zeros([2, 4]), layersOf([4, 0])).shape).toEqual([2, 0]);
  });
});

test('gradients are those of cpu', async () => {
  await same(
    () =>
      tf.grads((x: tf.Tensor, a: tf.Tensor, b: tf.Tensor, c: tf.Tensor) =>
        tf.sum(
          tf.square(
            mlp(x, [
              { weights: a, bias: b, activation: 'gelu' },
              { weights: c, activation: 'silu' },
            ]),
          ),
        ),
      )([wave([2, 3, 5], 1), wave([5, 6], 2), wave([6], 3), wave([6, 2], 4)]),
    1e-4,
  );
});

test('an optimizer trains it', async () => {
  await same(() => {
    const weights = [wave([5, 8], 1), wave([8, 1], 2)].map((one) => tf.variable(one));
    const [x, target] = [wave([16, 5], 3), wave([16, 1], 4)];
    const optimizer = tf.train.adam(0.02);
    for (let step = 0; step < 3; step++) {
      optimizer.minimize(() => {
        const y = mlp(x, [{ weights: weights[0], activation: 'tanh' }, { weights: weights[1] }]);
        return tf.losses.meanSquaredError(target, y);
      });
    }
    const results = weights.map((one) => tf.clone<tf.Tensor>(one));
    tf.dispose(weights);
    optimizer.dispose();
    return results;
  }, 1e-4);
});

describe('errors say what to do', () => {
  const x = (...shape: number[]) => tf.zeros(shape);
  test.each<[string, () => unknown]>([
    ['got no list of layers, or one without weights; needs', () => mlp(x(2, 3), null as never)],
    ['or one without weights; needs a list', () => mlp(x(2, 3), [{} as never])],
    ['and 0 layers; needs rows of inputs', () => mlp(x(2, 3), [])],
    ['layers[0].weights [4,2]; needs [3, units]', () => mlp(x(2, 3), [{ weights: x(4, 2) }])],
    [
      'layers[1].weights [3,2]; needs [4, units]',
      () => mlp(x(2, 3), [{ weights: x(3, 4) }, { weights: x(3, 2) }]),
    ],
    ['layers[0].bias [3]; needs [2]', () => mlp(x(2, 3), [{ weights: x(3, 2), bias: x(3) }])],
    [
      "activation 'gelU'; needs one of linear, relu",
      () => mlp(x(2, 3), [{ weights: x(3, 2), activation: 'gelU' as 'gelu' }]),
    ],
  ])('%s', (message, attempt) => {
    expect(() => tf.tidy(() => void attempt())).toThrow(message);
  });
});
