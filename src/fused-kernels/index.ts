/** All kernel families, and the table from anchor to family. */
import { argReduceKernel } from './arg-reduce';
import { attentionKernel, attentionMergeKernel, attentionPartKernel } from './attention/index';
import { recurrenceKernel } from './recurrence';
import { recurrentMatmulKernel } from './recurrent-matmul';
import { conv2dTransposeKernel } from './conv2d-transpose';
import { conv2dKernel } from './conv2d';
import { cumulativeKernel } from './cumulative';
import { denseChainKernel } from './dense-chain';
import { depthwiseConv2dKernel } from './depthwise';
import { depthwisePointwiseKernel } from './depthwise-pointwise';
import { gatedMatmulKernel } from './gated-matmul';
import type { FusedKernel } from './kernel';
import { mapKernel } from './map';
import { matmulKernel } from './matmul';
import { momentsKernel } from './moments';
import { nonMaxSuppressionKernel } from './non-max-suppression';
import { normalizeKernel } from './normalize';
import { reduceKernel } from './reduce';
import { softmaxKernel } from './softmax';
import { avgPoolKernel, maxPoolKernel, maxPoolPositionsKernel } from './pool';
import { topKKernel } from './top-k';
import { whereKernel } from './where';
import { avgPoolGradKernel, depthwiseGradKernel, maxPoolGradKernel } from './window-gradient';

export const fusedKernels: readonly FusedKernel[] = [
  conv2dKernel,
  conv2dTransposeKernel,
  depthwiseConv2dKernel,
  matmulKernel,
  recurrentMatmulKernel,
  recurrenceKernel,
  gatedMatmulKernel,
  denseChainKernel,
  depthwisePointwiseKernel,
  maxPoolKernel,
  maxPoolPositionsKernel,
  avgPoolKernel,
  maxPoolGradKernel,
  avgPoolGradKernel,
  depthwiseGradKernel,
  reduceKernel,
  argReduceKernel,
  cumulativeKernel,
  topKKernel,
  whereKernel,
  nonMaxSuppressionKernel,
  softmaxKernel,
  normalizeKernel,
  momentsKernel,
  attentionKernel,
  attentionPartKernel,
  attentionMergeKernel,
  mapKernel,
];
