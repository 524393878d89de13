/** Checks gradients against those of another way to compute the same, and numerically. */
import * as tf from '@tensorflow/tfjs';

export type Differentiable = (...inputs: tf.Tensor[]) => tf.Tensor;

/** Step of the central difference: its error h² and that of rounding, 2⁻²⁴/h, are both small. */
const STEP = 1e-2;

/** Values between -1 and 1, none twice, that differ with `seed`. */
export function wave(shape: number[], seed = 1, amplitude = 1): tf.Tensor {
  const size = shape.reduce((product, dim) => product * dim, 1);
  const values = Float32Array.from({ length: size }, (_, i) => {
    return amplitude * Math.sin(seed * 12.9898 + i * 78.233);
  });
  return tf.tensor(values, shape);
}

/** One number of a result, in which every element counts differently. */
function weigh(f: Differentiable): (...inputs: tf.Tensor[]) => tf.Scalar {
  return (...inputs) => {
    const y = f(...inputs);
    return tf.sum(tf.mul(y, wave(y.shape, 7)));
  };
}

function largest(values: ArrayLike<number>): number {
  return Math.max(1, ...Array.from(values, Math.abs));
}

function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) {
  expect(actual).toHaveLength(expected.length);
  const allowed = tolerance * largest(expected);
  const at = Array.from(expected).findIndex(
    (value, i) => !(Math.abs(actual[i] - value) <= allowed),
  );
  if (at >= 0) throw new Error(`Element ${at} is ${actual[at]}, not ${expected[at]}.`);
}

/** Derivatives of `f` by central differences, for each element of input `at`. */
function differences(f: Differentiable, inputs: readonly tf.Tensor[], at: number): Float32Array {
  const loss = weigh(f);
  const base = inputs[at].dataSync<'float32'>();
  return base.map((_, element) => {
    const [above, below] = [STEP, -STEP].map((step) =>
      tf.tidy(() => {
        const moved = base.slice();
        moved[element] += step;
        const changed = inputs.map((input, i) =>
          i === at ? tf.tensor(moved, input.shape) : input,
        );
        return loss(...changed).dataSync()[0];
      }),
    );
    return (above - below) / (2 * STEP);
  });
}

/** Expects the gradients of `f` for all inputs to be those of `composed`, and those found numerically. */
export function checkGradients(
  f: Differentiable,
  composed: Differentiable,
  inputs: readonly tf.Tensor[],
): void {
  tf.tidy(() => {
    const expected = tf.grads(weigh(composed))([...inputs]);
    const actual = tf.grads(weigh(f))([...inputs]);
    actual.forEach((gradient, at) => {
      expect(gradient.shape).toEqual(inputs[at].shape);
      expectNear(gradient.dataSync(), expected[at].dataSync(), 1e-5);
      expectNear(gradient.dataSync(), differences(f, inputs, at), 2e-3);
    });
  });
}

/**
 * Expects the second derivatives for the first input, along one direction, to be what the gradient
 * does there. (tfjs itself loses those of kernels that keep their output, as Sigmoid does.)
 */
export function checkSecondOrder(f: Differentiable, inputs: readonly tf.Tensor[]): void {
  const [x, ...rest] = inputs;
  const power = (x: tf.Tensor): tf.Tensor =>
    tf.square(tf.grad((x: tf.Tensor) => weigh(f)(x, ...rest))(x));
  tf.tidy(() => {
    const bent = tf.grad(weigh(power))(x);
    expectNear(bent.dataSync(), differences(power, [x], 0), 5e-3);
  });
}
