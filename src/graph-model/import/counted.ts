/** Ops whose results have a length that depends on values: in regions, as long as they can be, and their count. */
import { nonMaxSuppressionLowerings } from '../../lowering/non-max-suppression';
import { whereLowerings } from '../../lowering/where';
import { invokes, type ImportTable, type NodeImport } from './node-import';

const { NonMaxSuppressionV3, NonMaxSuppressionV4, NonMaxSuppressionV5 } =
  nonMaxSuppressionLowerings;

const suppression = (node: NodeImport) => ({
  maxOutputSize: node.number(2),
  iouThreshold: node.number(3, 0.5),
  scoreThreshold: node.number(4, -Infinity),
});

const plain = invokes(NonMaxSuppressionV3, suppression);

/** Their count is behind their results; `bounded.ts` says what becomes of it. */
export const countedImports: ImportTable = {
  NonMaxSuppressionV2: plain,
  NonMaxSuppressionV3: plain,
  NonMaxSuppressionV4: invokes(NonMaxSuppressionV4, (node) => ({
    ...suppression(node),
    padToMaxOutputSize: node.boolAttr('pad_to_max_output_size'),
  })),
  NonMaxSuppressionV5: invokes(NonMaxSuppressionV5, (node) => ({
    ...suppression(node),
    softNmsSigma: node.number(5, 0),
  })),
  Where: invokes(whereLowerings.Where, () => ({})),
};
