/** The built-in fusions, in stages: each runs until nothing changes before the next begins. */
import type { FusionRule } from '../rule';
import { attention } from './attention';
import { composeAttention, splitAttention } from './attention-forms';
import { recurrence } from './recurrence';
import { recurrentProduct } from './recurrent-product';
import { denseChain } from './dense-chain';
import { depthwisePointwise } from './depthwise-pointwise';
import { foldLinear } from './fold-linear';
import { foldPad } from './fold-pad';
import { foldScale } from './fold-scale';
import { gatedProduct } from './gated-product';
import { identities } from './identities';
import { mergeConstantAdds } from './merge-constants';
import { mish } from './mish';
import { moments } from './moments';
import { joinGathers } from './join-gathers';
import { l2Norm, layerNorm, rmsNorm } from './normalize';
import { needlessBounds } from './needless-bounds';
import { poolPositions } from './pool-positions';
import { sinkBroadcast } from './sink-broadcast';
import { sinkConstant } from './sink-constant';
import { logSoftmax, softmax } from './softmax';
import { splitCumsum } from './split-cumsum';
import { splitDepth } from './split-depth';
import { splitReduction } from './split-reduction';
import { stackRows } from './stack-rows';
import { widenConvolution } from './widen-convolution';
import { widenDense } from './widen-dense';

/** Gives what exporters write a common form, and constants to constants. */
const simplifications: readonly FusionRule[] = [
  ...identities,
  ...needlessBounds,
  sinkBroadcast,
  sinkConstant,
  foldPad,
  foldScale,
  foldLinear,
  mergeConstantAdds,
  joinGathers,
];

/** Puts kernels together again that exporters wrote in pieces. */
const composites: readonly FusionRule[] = [
  layerNorm,
  rmsNorm,
  l2Norm,
  softmax,
  logSoftmax,
  attention,
  mish,
];

/** Joins what the steps of a sequence do each: what they make of their inputs, then all the rest. */
const sequences: readonly (readonly FusionRule[])[] = [[stackRows], [recurrence]];

/** Joins kernels side by side, and divides long ones, once it is clear which there are. */
const horizontal: readonly FusionRule[] = [
  moments,
  poolPositions,
  gatedProduct,
  recurrentProduct,
  widenDense,
  widenConvolution,
  splitReduction,
  splitAttention,
  composeAttention,
];

/** Joins kernels one after the other. */
const vertical: readonly FusionRule[] = [denseChain, depthwisePointwise];

/** Divides what is left to run by itself, where a device has more workgroups than that makes. */
const divisions: readonly FusionRule[] = [splitDepth, splitCumsum];

export const builtInStages: readonly (readonly FusionRule[])[] = [
  simplifications,
  composites,
  ...sequences,
  horizontal,
  vertical,
  divisions,
];
