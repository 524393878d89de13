/** A multilayer perceptron: dense layers one after the other. */
import { add, matMul, reshape, tidy, type Tensor, type TensorLike } from '@tensorflow/tfjs-core';
import type { ComposedKernel } from '../eager/kernels';
import { sizeOf, type Value } from '../ir/graph';
import { variadic } from '../lowering/lowering';
import { activate, activationNames, applyActivation, type ActivationName } from './activations';
import { fail, floatTensor, optionalTensor, type Input } from './arguments';
import { isDifferentiating, nothing, run } from './named-kernel';

/** One layer: `activation(x · weights + bias)`. */
export interface DenseLayer {
  /** float32 [inputs, units]. */
  readonly weights: Input;
  /** float32 [units]. */
  readonly bias?: Input | null;
  /** `linear` if left out. */
  readonly activation?: ActivationName | null;
}

interface LayerTensors {
  readonly weights: Tensor;
  readonly bias: Tensor | undefined;
  readonly activation: string;
}

interface MlpAttrs {
  /** Whether each layer has a bias; operands are x, and weights and bias of each layer. */
  readonly biases: readonly boolean[];
  readonly activations: readonly string[];
}

/** Calls `visit` with the operands of each layer. */
function forEachLayer<V>(
  operands: readonly V[],
  { biases, activations }: MlpAttrs,
  visit: (weights: V, bias: V | undefined, activation: string) => void,
): void {
  let at = 1;
  biases.forEach((hasBias, layer) => {
    visit(operands[at++], hasBias ? operands[at++] : undefined, activations[layer]);
  });
}

function asRows(x: Tensor): Tensor {
  const features = x.shape[x.rank - 1];
  return reshape(x, [sizeOf(x.shape.slice(0, -1)), features]);
}

function dense(x: Tensor, { weights, bias, activation }: LayerTensors): Tensor {
  const product = matMul(x, weights);
  return activate(activation, bias ? add(product, bias) : product);
}

export const mlpKernel: ComposedKernel = {
  kernel: 'WebGPUFusedMlp',
  hasManyOutputs: true,
  ...variadic((b, [x, ...rest], attrs: MlpAttrs) => {
    const features = x.shape[x.shape.length - 1];
    let y: Value = b.reshape(x, [sizeOf(x.shape.slice(0, -1)), features]);
    forEachLayer([x, ...rest], attrs, (weights, bias, activation) => {
      y = b.op('BatchMatMul', [y, weights], { transposeA: false, transposeB: false });
      if (bias) y = b.op('Add', [y, bias]);
      y = applyActivation<Value>(
        (kernel, operands, options) => {
          const values = operands.map((one) => (typeof one === 'number' ? b.scalar(one) : one));
          return b.op(kernel, values, options);
        },
        activation,
        y,
      );
    });
    return [b.reshape(y, [...x.shape.slice(0, -1), y.shape[1]])];
  }),
  compose(operands, attrs) {
    const all = operands as readonly Tensor[];
    const [x] = all;
    let y = asRows(x);
    forEachLayer(all, attrs as unknown as MlpAttrs, (weights, bias, activation) => {
      y = dense(y, { weights, bias, activation });
    });
    return [reshape(y, [...x.shape.slice(0, -1), y.shape[y.rank - 1]])];
  },
};

function layerTensors(layer: DenseLayer, index: number, inputs: number): LayerTensors {
  const name = (part: string): string => `layers[${index}].${part}`;
  const weights = floatTensor('mlp', name('weights'), layer.weights);
  const bias = optionalTensor('mlp', name('bias'), layer.bias);
  const activation = layer.activation ?? 'linear';
  if (weights.rank !== 2 || weights.shape[0] !== inputs) {
    const got = `${name('weights')} [${weights.shape}]`;
    const cure =
      'Give the layer what the one before it gives; transpose weights of [units, inputs].';
    fail('mlp', got, `[${inputs}, units]`, cure);
  }
  if (bias && (bias.rank !== 1 || bias.shape[0] !== weights.shape[1])) {
    const got = `${name('bias')} [${bias.shape}]`;
    fail('mlp', got, `[${weights.shape[1]}], one for each unit`, 'Reshape it.');
  }
  if (!activationNames.includes(activation)) {
    const needs = `one of ${activationNames.join(', ')}`;
    fail('mlp', `${name('activation')} '${activation}'`, needs, 'Apply others to the result.');
  }
  return { weights, bias, activation };
}

function isListOfLayers(layers: readonly (DenseLayer | null)[] | null): boolean {
  return Array.isArray(layers) && layers.every((layer) => Boolean((layer as DenseLayer)?.weights));
}

/**
 * A multilayer perceptron, `… activation(activation(x · weights₀ + bias₀) · weights₁ + bias₁) …`.
 * On `webgpu-fused` at most one dispatch a layer (and one for a `softmax`).
 *
 * @param x float32 […, inputs], of any rank from 1.
 * @param layers at least one; `gelu` is exact, `gelu_new` its approximation by tanh, `leakyRelu` has
 *   a slope of 0.2, and `softmax` runs over the units.
 * @returns […, units of the last layer].
 * @throws Error if dtypes, shapes or names do not fit.
 */
export function mlp<T extends Tensor = Tensor>(
  x: T | TensorLike,
  layers: readonly DenseLayer[],
): T {
  return tidy('mlp', () => {
    const given = floatTensor('mlp', 'x', x);
    if (!isListOfLayers(layers)) {
      const got = 'no list of layers, or one without weights';
      fail('mlp', got, 'a list of layers', 'Pass [{ weights, bias, activation }, …].');
    }
    if (given.rank === 0 || layers.length === 0) {
      const got = `x [${given.shape}] and ${layers.length} layers`;
      fail('mlp', got, 'rows of inputs and at least one layer', 'Reshape x, or add a layer.');
    }
    let inputs = given.shape[given.rank - 1];
    const made = layers.map((layer, index) => {
      const one = layerTensors(layer, index, inputs);
      [, inputs] = one.weights.shape as [number, number];
      return one;
    });
    const shape = [...given.shape.slice(0, -1), inputs];
    const operands = [
      given,
      ...made.flatMap(({ weights, bias }) => (bias ? [weights, bias] : [weights])),
    ];
    if (shape.includes(0)) return nothing(operands, shape) as T;
    // Each layer keeps what it computes for its gradient, as tfjs's own layers do.
    if (isDifferentiating()) return reshape(made.reduce(dense, asRows(given)), shape) as T;
    const attrs: MlpAttrs = {
      biases: made.map(({ bias }) => bias !== undefined),
      activations: made.map(({ activation }) => activation),
    };
    return run(mlpKernel, operands, { ...attrs })[0] as T;
  });
}
