/** Activations by name: each declared once, for tfjs's ops and for the graph of a plan. */
import {
  abs,
  add,
  div,
  engine,
  erf,
  exp,
  minimum,
  mul,
  relu6,
  scalar,
  sigmoid,
  softmax,
  softplus,
  square,
  step,
  sub,
  sum,
  tanh,
  type NamedAttrMap,
  type NamedTensorMap,
  type Tensor,
} from '@tensorflow/tfjs-core';
import type { Attrs } from '../ir/graph';
import { withGradient } from './named-kernel';

/** Names of activations, most as `tf.layers` has them; that of `linear` is to do nothing. */
export type ActivationName =
  | 'linear'
  | 'relu'
  | 'relu6'
  | 'elu'
  | 'selu'
  | 'leakyRelu'
  | 'sigmoid'
  | 'tanh'
  | 'softplus'
  | 'softsign'
  | 'silu'
  | 'swish'
  | 'mish'
  | 'gelu'
  | 'gelu_new'
  | 'hardSigmoid'
  | 'hardSwish'
  | 'softmax';

/** Adds or runs a kernel of one or two operands; numbers are constants. */
export type Apply<V> = (kernel: string, operands: readonly (V | number)[], attrs?: Attrs) => V;

interface Activation {
  forward<V>(op: Apply<V>, x: V): V;
  /** The gradient for x, from that for the result. */
  gradient(dy: Tensor, x: Tensor): Tensor;
}

/** One kernel of tfjs. */
function kernel(name: string, gradient: Activation['gradient'], attrs?: Attrs): Activation {
  return { forward: (op, x) => op(name, [x], attrs), gradient };
}

const SELU_SCALE = 1.0507009873554805;
const SELU_SCALE_ALPHA = 1.7580993408473768;
const LEAK = 0.2;
const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/*
 * Gradients use `step`, which tfjs can differentiate once more, where others use a comparison.
 */

/** 1 where x is at most `high`, else 0. */
function upTo(x: Tensor, high: number): Tensor {
  return sub(1, step(sub(x, high)));
}

/** 1 where x is in [low, high], else 0. */
function between(x: Tensor, low: number, high: number): Tensor {
  return mul(sub(1, step(sub(low, x))), upTo(x, high));
}

/** `x · sigmoid(x)`: Elfwing et al. (2017); Ramachandran et al., "Searching for Activation Functions" (2017). */
const silu: Activation = {
  forward: (op, x) => op('Multiply', [x, op('Sigmoid', [x])]),
  gradient(dy, x) {
    const s = sigmoid(x);
    return mul(dy, mul(s, add(1, mul(x, sub(1, s)))));
  },
};

const table = {
  relu: kernel('Relu', (dy, x) => mul(dy, step(x))),
  relu6: kernel('Relu6', (dy, x) => mul(dy, mul(step(x), upTo(x, 6)))),
  /** Clevert et al. (2015). */
  elu: kernel('Elu', (dy, x) => mul(dy, exp(minimum(x, 0)))),
  /** Klambauer et al., "Self-Normalizing Neural Networks" (2017). */
  selu: kernel('Selu', (dy, x) => {
    const tail = mul(exp(minimum(x, 0)), SELU_SCALE_ALPHA);
    return mul(dy, sub(tail, mul(step(x), SELU_SCALE_ALPHA - SELU_SCALE)));
  }),
  leakyRelu: kernel('LeakyRelu', (dy, x) => mul(dy, step(x, LEAK)), { alpha: LEAK }),
  sigmoid: kernel('Sigmoid', (dy, x) => {
    const y = sigmoid(x);
    return mul(dy, mul(y, sub(1, y)));
  }),
  tanh: kernel('Tanh', (dy, x) => mul(dy, sub(1, square(tanh(x))))),
  softplus: kernel('Softplus', (dy, x) => mul(dy, sigmoid(x))),
  /** x / (1 + |x|). */
  softsign: {
    forward: (op, x) => op('RealDiv', [x, op('Add', [op('Abs', [x]), 1])]),
    gradient: (dy, x) => div(dy, square(add(abs(x), 1))),
  },
  silu,
  swish: silu,
  /** x · tanh(softplus(x)): Misra (2019). */
  mish: {
    forward: (op, x) => op('Multiply', [x, op('Tanh', [op('Softplus', [x])])]),
    gradient(dy, x) {
      const t = tanh(softplus(x));
      return mul(dy, add(t, mul(mul(x, sigmoid(x)), sub(1, square(t)))));
    },
  },
  /** x · Φ(x): Hendrycks and Gimpel, "Gaussian Error Linear Units" (2016). */
  gelu: {
    forward: (op, x) =>
      op('Multiply', [
        op('Multiply', [x, 0.5]),
        op('Add', [op('Erf', [op('Multiply', [x, Math.SQRT1_2])]), 1]),
      ]),
    gradient(dy, x) {
      const probability = mul(0.5, add(1, erf(mul(x, Math.SQRT1_2))));
      const density = mul(exp(mul(square(x), -0.5)), SQRT_2_OVER_PI / 2);
      return mul(dy, add(probability, mul(x, density)));
    },
  },
  /** The same, approximated by tanh; named as in `tf.layers`. */
  gelu_new: {
    forward: (op, x) =>
      op('Multiply', [op('Multiply', [x, 0.5]), op('Add', [op('Tanh', [cubic(op, x)]), 1])]),
    gradient(dy, x) {
      const t = tanh(cubic(eager, x));
      const slope = mul(SQRT_2_OVER_PI, add(1, mul(3 * CUBIC, square(x))));
      const curve = mul(mul(x, slope), sub(1, square(t)));
      return mul(dy, mul(0.5, add(add(1, t), curve)));
    },
  },
  /** min(max(x / 5 + ½, 0), 1), as in Keras. */
  hardSigmoid: {
    forward: (op, x) =>
      op('ClipByValue', [op('Add', [op('Multiply', [x, 0.2]), 0.5])], {
        clipValueMin: 0,
        clipValueMax: 1,
      }),
    gradient: (dy, x) => mul(mul(dy, 0.2), between(add(mul(x, 0.2), 0.5), 0, 1)),
  },
  /** x · min(max(x + 3, 0), 6) / 6: Howard et al., "Searching for MobileNetV3" (2019). */
  hardSwish: {
    forward: (op, x) =>
      op('Multiply', [x, op('Multiply', [op('Relu6', [op('Add', [x, 3])]), 1 / 6])]),
    gradient(dy, x) {
      const raised = add(x, 3);
      const gate = add(relu6(raised), mul(x, between(raised, 0, 6)));
      return mul(dy, mul(gate, 1 / 6));
    },
  },
  /** Over the last axis, with a dispatch of its own. */
  softmax: {
    forward: (op, x) => op('Softmax', [x]),
    gradient(dy, x) {
      const y = softmax(x);
      return mul(sub(dy, sum(mul(dy, y), -1, true)), y);
    },
  },
} satisfies Record<Exclude<ActivationName, 'linear'>, Activation>;

const activations: Readonly<Record<string, Activation | undefined>> = table;

/** The names there are. */
export const activationNames: readonly string[] = ['linear', ...Object.keys(table)];

function cubic<V>(op: Apply<V>, x: V): V {
  const cube = op('Multiply', [op('Multiply', [x, x]), x]);
  return op('Multiply', [op('Add', [x, op('Multiply', [cube, CUBIC])]), SQRT_2_OVER_PI]);
}

/** Runs kernels of the current backend. */
const eager: Apply<Tensor> = (kernelName, operands, attrs = {}) => {
  const [a, b] = operands.map((operand) =>
    typeof operand === 'number' ? scalar(operand) : operand,
  );
  if (kernelName === 'Softmax') return softmax(a);
  const inputs: NamedTensorMap = operands.length === 1 ? { x: a } : { a, b };
  return engine().runKernel(kernelName, inputs, attrs as NamedAttrMap);
};

/** Adds an activation to what `op` builds. */
export function applyActivation<V>(op: Apply<V>, name: string, x: V): V {
  return activations[name]?.forward(op, x) ?? x;
}

/** An activation of a tensor, with its gradient. */
export function activate(name: string, x: Tensor): Tensor {
  const activation = activations[name];
  if (!activation) return x;
  return withGradient(
    [x],
    () => activation.forward(eager, x),
    (dy, [saved]) => [activation.gradient(dy, saved)],
  );
}
