/** All kernel families, and the table from anchor to family. */
import { conv2dKernel } from './conv2d';
import type { FusedKernel } from './kernel';
import { mapKernel } from './map';
import { matmulKernel } from './matmul';
import { reduceKernel } from './reduce';
import { softmaxKernel } from './softmax';
import { avgPoolKernel, depthwiseConv2dKernel, maxPoolKernel } from './window';

export const fusedKernels: readonly FusedKernel[] = [
  conv2dKernel,
  depthwiseConv2dKernel,
  matmulKernel,
  maxPoolKernel,
  avgPoolKernel,
  reduceKernel,
  softmaxKernel,
  mapKernel,
];
