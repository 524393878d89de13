/** Fused kernels by name, for eager code: one call, one dispatch, gradients included. */
import { registerComposedKernel } from '../eager/install';
import { attentionKernel } from './attention';
import { mlpKernel } from './mlp';
import { normKernel } from './normalize';

export { attention, type AttentionOptions } from './attention';
export { mlp, type DenseLayer } from './mlp';
export type { ActivationName } from './activations';
export {
  layerNorm,
  rmsNorm,
  type NormOptions,
  type ResidualNormOptions,
  type SumAndNorm,
} from './normalize';

/** Makes the named operations kernels of a backend. */
export function registerNamedKernels(backendName: string): void {
  for (const kernel of [normKernel, attentionKernel, mlpKernel]) {
    registerComposedKernel(kernel, backendName);
  }
}
