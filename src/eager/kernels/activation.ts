/** What tfjs's fused kernels do after a convolution or a matrix product. */
import { sameShape, type Value } from '../../ir/graph';
import { demand, refuse } from '../../ir/infer/refused';
import type { KernelCall } from './lazy-kernel';

type Activation = (call: KernelCall, y: Value) => Value;

const elementwise =
  (kernel: string): Activation =>
  (call, y) =>
    call.b.op(kernel, [y]);

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  linear: (_call, y) => y,
  relu: elementwise('Relu'),
  relu6: elementwise('Relu6'),
  elu: elementwise('Elu'),
  sigmoid: elementwise('Sigmoid'),
  prelu: (call, y) => call.b.op('Prelu', [y, call.input(3)]),
  leakyrelu: (call, y) =>
    call.b.op('LeakyRelu', [y], { alpha: call.attr<number>('leakyreluAlpha') }),
};

/** Adds operand 2, the bias, if there is one, and applies `attrs.activation`. */
export function addBiasAndActivation(call: KernelCall, y: Value): Value {
  const bias = call.inputs[2];
  const biased = bias ? call.b.op('Add', [y, call.b.cast(bias, y.dtype)]) : y;
  const name = call.attr<string | null | undefined>('activation') ?? 'linear';
  const activate = ACTIVATIONS[name] ?? refuse(`activation ${name} is unknown`);
  const result = activate(call, biased);
  demand(sameShape(result.shape, y.shape), () => 'bias or weights are larger than the result');
  return result;
}
