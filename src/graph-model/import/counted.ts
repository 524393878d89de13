/** Ops whose results have a length that depends on values: in regions, as long as they can be, and their count. */
import { refuse } from '../../ir/infer/refused';
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

const padded = (isPadded: boolean) =>
  invokes(NonMaxSuppressionV4, (node) => ({ ...suppression(node), padToMaxOutputSize: isPadded }));

/** What a bounded node is read as, by the op that it stands for. */
export const boundedImports: ImportTable = {
  NonMaxSuppressionV2: plain,
  NonMaxSuppressionV3: plain,
  NonMaxSuppressionV4: padded(false),
  Where: invokes(whereLowerings.Where, () => ({})),
  NonMaxSuppressionV5: invokes(NonMaxSuppressionV5, (node) => ({
    ...suppression(node),
    softNmsSigma: node.number(5, 0),
  })),
};

/** Those of a length that is known. */
export const paddedImports: ImportTable = {
  NonMaxSuppressionV4: (node) =>
    node.boolAttr('pad_to_max_output_size')
      ? padded(true)(node)
      : refuse('its length depends on values'),
};
