import * as tf from '@tensorflow/tfjs';
import { attention, layerNorm, mlp, rmsNorm, type ActivationName } from '../../../src/pure';
import { activated, attended, normalized, perceptron } from '../../support/composed';
import { checkGradients, checkSecondOrder, wave } from '../../support/gradients';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('normalisation', () => {
  test.each<[string, number[], number | number[], number[] | null, number[] | null]>([
    ['nothing else', [3, 5], -1, null, null],
    ['scale', [3, 5], -1, [5], null],
    ['offset', [2, 3, 4], -1, null, [4]],
    ['both', [2, 3, 7], 2, [7], [7]],
    ['two axes', [2, 3, 4], [1, 2], [3, 4], [3, 4]],
    ['an outer axis, scale along another', [2, 5, 3], [1], [3], [1]],
    ['scale for all rows, offset for each', [3, 4], 1, [1], [3, 1]],
    ['one element a row', [4, 1], -1, [1], [1]],
    ['a vector', [6], 0, [6], null],
  ])('with %s', (_name, shape, axis, scaleShape, offsetShape) => {
    const x = wave(shape, 1);
    const others = [scaleShape, offsetShape].map((one, i) => one && wave(one, i + 2));
    const inputs = [x, ...others].filter((one) => one !== null);
    const split = (given: tf.Tensor[]): [tf.Tensor, tf.Tensor?, tf.Tensor?] => {
      const [first, ...rest] = given;
      const scale = scaleShape ? rest.shift() : undefined;
      return [first, scale, rest[0]];
    };
    const layer = (...given: tf.Tensor[]) => layerNorm(...split(given), { axis });
    const plain = (...given: tf.Tensor[]) => normalized(...split(given), { axis });
    checkGradients(layer, plain, inputs);
    checkSecondOrder(layer, inputs);
    if (offsetShape) return;
    const rms = (x: tf.Tensor, scale?: tf.Tensor) => rmsNorm(x, scale, { axis, epsilon: 0.1 });
    const plainRms = (x: tf.Tensor, scale?: tf.Tensor) =>
      normalized(x, scale, undefined, { axis, epsilon: 0.1, form: 'rms' });
    checkGradients(rms, plainRms, inputs);
    checkSecondOrder(rms, inputs);
  });

  test('behind a residual connection, through both results', () => {
    const inputs = [wave([3, 5], 1), wave([3, 5], 2), wave([5], 3), wave([5], 4)];
    const join = (sum: tf.Tensor, y: tf.Tensor) => tf.add(tf.mul(sum, sum), tf.mul(y, 3));
    checkGradients(
      (x, residual, scale, offset) => {
        const both = layerNorm(x, scale, offset, { residual });
        return join(both.sum, both.normalized);
      },
      (x, residual, scale, offset) => {
        const sum = tf.add(x, residual);
        return join(sum, normalized(sum, scale, offset));
      },
      inputs,
    );
  });
});

describe('attention', () => {
  const tensors = (q: number[], k: number[], v: number[]) => [wave(q, 1), wave(k, 2), wave(v, 3)];

  test.each<[string, number[], number[], number[]]>([
    ['rank 3', [2, 3, 4], [2, 3, 4], [2, 3, 4]],
    ['rank 4, cross, another width', [1, 2, 3, 4], [1, 2, 5, 4], [1, 2, 5, 3]],
    ['one key', [1, 3, 2], [1, 1, 2], [1, 1, 2]],
    ['keys for all heads', [2, 3, 2, 4], [2, 1, 3, 4], [1, 1, 3, 2]],
  ])('%s', (_name, ...shapes) => {
    for (const options of [{}, { causal: true }, { scale: 0.3 }]) {
      const f = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) => attention(q, k, v, options);
      const plain = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) => attended(q, k, v, options);
      checkGradients(f, plain, tensors(...shapes));
      checkSecondOrder(f, tensors(...shapes));
    }
  });

  test.each([[[2, 1, 3, 5]], [[1, 2, 1, 5]], [[5]], [[1]], [[3, 1]]])(
    'added masks of %j have a gradient, bool ones have none',
    (shape) => {
      const inputs = tensors([2, 2, 3, 4], [2, 2, 5, 4], [2, 2, 5, 3]);
      checkGradients(
        (q, k, v, mask) => attention(q, k, v, { mask }),
        (q, k, v, mask) => attended(q, k, v, { mask }),
        [...inputs, wave(shape, 4)],
      );
      const mask = tf.greater(wave(shape, 5), 0.9);
      const seen = tf.logicalOr(mask, tf.tensor([true, false, false, true, false]));
      for (const causal of [false, true]) {
        checkGradients(
          (q, k, v) => attention(q, k, v, { mask: seen, causal }),
          (q, k, v) => attended(q, k, v, { mask: seen, causal }),
          inputs,
        );
      }
    },
  );

  test('where a query sees no key, queries and keys have no gradient', () => {
    const [q, k, v] = tensors([1, 2, 3], [1, 4, 3], [1, 4, 3]);
    const mask = tf.tensor([[false], [true]]);
    const gradients = tf.grads((q: tf.Tensor, k: tf.Tensor) => attention(q, k, v, { mask }))([
      q,
      k,
    ]);
    expect([...gradients[0].dataSync()].slice(0, 3)).toEqual([0, 0, 0]);
    expect([...gradients[1].dataSync()].every(Number.isFinite)).toBe(true);
  });
});

describe('mlp', () => {
  // Away from kinks: those of these activations are at 0, ±2.5, ±3 and 6.
  const points = tf.tensor2d([[-7.3, -2.8, -2.1, -0.7, -0.2, 0.3, 0.9, 2.2, 2.8, 5.1, 7.4]]);

  test.each(Object.keys(activated))('%s', (activation) => {
    const unit = tf.eye(11);
    const layer = { weights: unit, activation: activation as ActivationName };
    const f = (x: tf.Tensor) => mlp(x, [layer]);
    const plain = (x: tf.Tensor) => perceptron(x, [layer]);
    checkGradients(f, plain, [points]);
    if (activation === 'linear') return; // A constant does not depend on x.
    checkSecondOrder(f, [points]);
  });

  test.each([[[7]], [[3, 7]], [[2, 3, 7]], [[1, 2, 1, 7]]])('three layers on %j', (shape) => {
    const layers = (given: tf.Tensor[]) => [
      { weights: given[0], bias: given[1], activation: 'gelu' as const },
      { weights: given[2], activation: 'tanh' as const },
      { weights: given[3], bias: given[4] },
    ];
    const inputs = [shape, [7, 5], [5], [5, 3], [3, 2], [2]].map((one, i) => wave(one, i + 1));
    checkGradients(
      (x, ...rest) => mlp(x, layers(rest)),
      (x, ...rest) => perceptron(x, layers(rest)),
      inputs,
    );
  });
});

test('empty inputs have empty gradients, and others zeros', () => {
  const [x, scale] = [tf.zeros([0, 4]), wave([4])];
  const [dx, dScale] = tf.grads((x: tf.Tensor, s: tf.Tensor) => layerNorm(x, s))([x, scale]);
  expect(dx.shape).toEqual([0, 4]);
  expect([...dScale.dataSync()]).toEqual([0, 0, 0, 0]);
  const q = wave([1, 3, 2]);
  const [dq] = tf.grads((q: tf.Tensor) => attention(q, tf.zeros([1, 0, 2]), tf.zeros([1, 0, 5])))([
    q,
  ]);
  expect([...dq.dataSync()]).toEqual([0, 0, 0, 0, 0, 0]);
});

test('gradients leave no tensor behind', () => {
  const inputs = [wave([2, 3, 4]), wave([4], 2)];
  const before = tf.memory().numTensors;
  const all = tf.grads((x: tf.Tensor, s: tf.Tensor) =>
    attention(layerNorm(x, s), x, rmsNorm(x, s), { causal: true }),
  )(inputs);
  tf.dispose(all);
  expect(tf.memory().numTensors).toBe(before);
});
