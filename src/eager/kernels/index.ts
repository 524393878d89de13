/** The table of kernels that can wait; every other kernel of the backend runs at once. */
import { convolutionKernels } from './convolution';
import { elementwiseKernels } from './elementwise';
import type { LazyKernel } from './lazy-kernel';
import { movementKernels } from './movement';
import { reductionKernels } from './reduction';
import { sourceKernels } from './source';

export const lazyKernels: readonly LazyKernel[] = [
  ...elementwiseKernels,
  ...convolutionKernels,
  ...reductionKernels,
  ...movementKernels,
  ...sourceKernels,
];

export {
  KernelCall,
  NothingToCompute,
  isComposed,
  isIrType,
  type ComposedKernel,
  type LazyKernel,
} from './lazy-kernel';
