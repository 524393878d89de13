/**
 * Operations that are one kernel of the backend, with gradients of their own. On another backend,
 * and where the kernel has no plan, they are composed of tfjs's ops.
 */
import {
  customGrad,
  engine,
  getBackend,
  getKernel,
  type GradSaveFunc,
  type NamedAttrMap,
  type NamedTensorMap,
  type Tensor,
  zeros,
  zerosLike,
} from '@tensorflow/tfjs-core';
import type { Attrs } from '../ir/graph';
import type { ComposedKernel } from '../eager/kernels';

/** The results of a kernel: of the backend's, or composed. Absent operands are undefined. */
export function run(
  kernel: ComposedKernel,
  operands: readonly (Tensor | undefined)[],
  attrs: Attrs,
): Tensor[] {
  if (!getKernel(kernel.kernel, getBackend())) return kernel.compose(operands, attrs);
  const { inputs: names } = kernel;
  const inputs = names
    ? Object.fromEntries(names.flatMap((name, at) => (operands[at] ? [[name, operands[at]]] : [])))
    : operands;
  return engine().runKernel(
    kernel.kernel,
    inputs as unknown as NamedTensorMap,
    attrs as NamedAttrMap,
  );
}

/** Whether somebody asks for gradients of what is computed now. */
export function isDifferentiating(): boolean {
  return engine().state.gradientDepth > 0;
}

/**
 * What `forward` computes of `inputs`, with `backward` for its gradient: from the gradient of the
 * result, the inputs and `kept`, to one gradient for each input. Written with differentiable ops, it
 * has derivatives of higher order too.
 */
export function withGradient(
  inputs: readonly Tensor[],
  forward: () => Tensor,
  backward: (dy: Tensor, saved: Tensor[]) => Tensor[],
  kept: readonly Tensor[] = [],
): Tensor {
  if (!isDifferentiating()) return forward();
  return customGrad((...args: (Tensor | GradSaveFunc)[]) => {
    (args[inputs.length] as GradSaveFunc)([...inputs, ...kept]);
    return { value: forward(), gradFunc: backward };
  })(...inputs);
}

/** The result of an operation on tensors of which one is empty: no term is added to any element. */
export function nothing(inputs: readonly Tensor[], shape: number[]): Tensor {
  return withGradient(
    inputs,
    () => zeros(shape),
    (_dy, saved) => saved.map((input) => zerosLike(input)),
  );
}
