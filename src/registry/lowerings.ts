/** The table of lowerings, by tfjs kernel: one line a group. */
import { blockLowerings } from '../lowering/blocks';
import { convolutionLowerings } from '../lowering/convolution';
import { cropLowerings } from '../lowering/crop';
import { einsumLowerings } from '../lowering/einsum';
import { elementwiseLowerings } from '../lowering/elementwise';
import { gatherLowerings } from '../lowering/gather';
import { imageLowerings } from '../lowering/image';
import type { Lowering, LoweringTable } from '../lowering/lowering';
import { movementLowerings } from '../lowering/movement';
import { nonMaxSuppressionLowerings } from '../lowering/non-max-suppression';
import { normalizationLowerings } from '../lowering/normalization';
import { poolLowerings } from '../lowering/pool';
import { productLowerings } from '../lowering/product';
import { reductionLowerings } from '../lowering/reduction';
import { resizeGradientLowerings } from '../lowering/resize-gradients';
import { scatterLowerings } from '../lowering/scatter';
import { sliceLowerings } from '../lowering/slice';
import { sourceLowerings } from '../lowering/source';
import { topKLowerings } from '../lowering/top-k';
import { volumeLowerings } from '../lowering/volume';
import { windowGradientLowerings } from '../lowering/window-gradients';

const table: LoweringTable = {
  ...elementwiseLowerings,
  ...sourceLowerings,
  ...movementLowerings,
  ...sliceLowerings,
  ...gatherLowerings,
  ...scatterLowerings,
  ...blockLowerings,
  ...imageLowerings,
  ...cropLowerings,
  ...convolutionLowerings,
  ...poolLowerings,
  ...windowGradientLowerings,
  ...volumeLowerings,
  ...resizeGradientLowerings,
  ...productLowerings,
  ...einsumLowerings,
  ...reductionLowerings,
  ...topKLowerings,
  ...nonMaxSuppressionLowerings,
  ...normalizationLowerings,
};

export const lowerings: ReadonlyMap<string, Lowering> = new Map(Object.entries(table));
