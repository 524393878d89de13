/** The built-in fusions, in the order they are tried at a node. */
import type { FusionRule } from '../rule';
import { attention } from './attention';
import { foldPad } from './fold-pad';
import { foldScale } from './fold-scale';
import { mergeConstantAdds } from './merge-constants';
import { mergeReshapes, mergeTransposes } from './merge-movement';
import { l2Norm, layerNorm, rmsNorm } from './normalize';
import { logSoftmax, softmax } from './softmax';

export const builtInRules: readonly FusionRule[] = [
  mergeReshapes,
  mergeTransposes,
  foldPad,
  foldScale,
  mergeConstantAdds,
  layerNorm,
  rmsNorm,
  l2Norm,
  softmax,
  logSoftmax,
  attention,
];
