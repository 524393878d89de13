/** Non-maximum suppression: selected on the device, of as many boxes as there may be, and how many there are. */
import type { GraphBuilder } from '../ir/builder';
import type { Value } from '../ir/graph';
import { demand } from '../ir/infer/refused';
import { lowering, type Lowering } from './lowering';

interface SuppressionAttrs {
  readonly maxOutputSize: number;
  readonly iouThreshold: number;
  readonly scoreThreshold: number;
}

interface SoftAttrs extends SuppressionAttrs {
  readonly softNmsSigma: number;
}

interface PaddedSuppressionAttrs extends SuppressionAttrs {
  readonly padToMaxOutputSize: boolean;
}

/** What is selected, behind it −1 and 0, and how many these are: int32 and float32 [most], int32 []. */
function suppressed(
  b: GraphBuilder,
  [boxes, scores]: readonly [Value, Value],
  attrs: SuppressionAttrs & { readonly softNmsSigma?: number },
): { readonly indices: Value; readonly kept: Value; readonly count: Value } {
  const { iouThreshold, scoreThreshold, softNmsSigma = 0 } = attrs;
  for (const part of [iouThreshold, softNmsSigma]) {
    demand(part >= 0 && part <= 1, () => `${part} is not from 0 to 1`);
  }
  const maxOutputSize = Math.min(attrs.maxOutputSize, boxes.shape[0]);
  const [indices, kept, count] = b.ops('NonMaxSuppression', [boxes, scores], {
    maxOutputSize,
    iouThreshold,
    scoreThreshold,
    softNmsSigma,
  });
  return { indices, kept, count };
}

export const nonMaxSuppressionLowerings = {
  NonMaxSuppressionV3: {
    ...lowering(['boxes', 'scores'], (b, operands, attrs: SuppressionAttrs) => {
      const { indices, count } = suppressed(b, operands, attrs);
      return [indices, count];
    }),
    counted: () => ({ outputs: 1, keepsCount: false }),
  },
  NonMaxSuppressionV4: {
    ...lowering(['boxes', 'scores'], (b, operands, attrs: PaddedSuppressionAttrs) => {
      const { indices, count } = suppressed(b, operands, attrs);
      if (!attrs.padToMaxOutputSize) return [indices, count];
      const known = b.op('Maximum', [indices, b.scalar(0, 'int32')]);
      const missing = attrs.maxOutputSize - known.shape[0];
      const attributes = { paddings: [[0, missing]], constantValue: 0 };
      return [missing > 0 ? b.op('PadV2', [known], attributes) : known, count];
    }),
    hasManyOutputs: true,
    counted: ({ padToMaxOutputSize }: PaddedSuppressionAttrs) =>
      padToMaxOutputSize ? null : { outputs: 1, keepsCount: true },
  },
  NonMaxSuppressionV5: {
    ...lowering(['boxes', 'scores'], (b, operands, attrs: SoftAttrs) => {
      const { indices, kept, count } = suppressed(b, operands, attrs);
      return [indices, kept, count];
    }),
    hasManyOutputs: true,
    counted: () => ({ outputs: 2, keepsCount: false }),
  },
} satisfies Record<string, Lowering<never>>;
