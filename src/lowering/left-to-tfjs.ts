/** What stays with tfjs, and why: kernels, and ops of TensorFlow where they are called otherwise. */

/** Names by reason. An op that is neither here nor lowered is unknown: a test asks for every one of tfjs. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'no kernel family computes it yet': [
    ...['MaxPoolWithArgmax', 'Dilation2D', 'LRN'],
    ...['Transform', 'ImageProjectiveTransformV3', 'RotateWithOffset'],
    ...['LowerBound', 'UpperBound', 'SearchSorted'],
  ],
  'no kernel family computes this gradient yet': [
    ...['AvgPool3DGrad', 'MaxPool3DGrad', 'LRNGrad'],
    ...['Dilation2DBackpropFilter', 'Dilation2DBackpropInput'],
  ],
  'it counts, and has an error for what is below zero': ['Bincount', 'DenseBincount'],
  'the shape of its result depends on values': [
    ...['Unique', 'UniqueV2', 'ListDiff', 'RaggedGather', 'RaggedRange'],
    ...['RaggedTensorToTensor', 'SparseFillEmptyRows', 'SparseReshape'],
    ...['SparseSegmentMean', 'SparseSegmentSum'],
  ],
  'it draws random numbers, which are those of tfjs': [
    ...['Multinomial', 'RandomStandardNormal', 'RandomUniform', 'RandomUniformInt'],
    'TruncatedNormal',
  ],
  'its numbers are complex': [
    ...['Complex', 'ComplexAbs', 'Real', 'Imag', 'FFT', 'IFFT', 'RFFT', 'IRFFT'],
  ],
  'its values are strings': [
    ...['StaticRegexReplace', 'StringNGrams', 'StringSplit', 'StringToHashBucketFast'],
  ],
  'it moves pixels between the page and the GPU': ['FromPixels', 'Draw'],
  'it keeps a table or a model between calls': [
    ...['HashTable', 'HashTableV2', 'InitializeTable', 'InitializeTableV2', 'LookupTableFind'],
    ...['LookupTableFindV2', 'LookupTableImport', 'LookupTableImportV2', 'LookupTableSize'],
    ...['LookupTableSizeV2', 'SimpleMLCreateModelResource', 'SimpleMLInferenceOpWithHandle'],
    'SimpleMLLoadModelFromPathWithHandle',
  ],
  'it is control flow': [
    ...['Enter', 'Exit', 'If', 'LoopCond', 'Merge', 'NextIteration', 'StatelessIf'],
    ...['StatelessWhile', 'Switch', 'While'],
  ],
  'it keeps tensors in a list': [
    ...['EmptyTensorList', 'TensorArrayCloseV3', 'TensorArrayConcatV3', 'TensorArrayGatherV3'],
    ...['TensorArrayReadV3', 'TensorArrayScatterV3', 'TensorArraySizeV3', 'TensorArraySplitV3'],
    ...['TensorArrayV3', 'TensorArrayWriteV3', 'TensorListConcat', 'TensorListConcatV2'],
    ...['TensorListFromTensor', 'TensorListGather', 'TensorListGetItem', 'TensorListLength'],
    ...['TensorListPopBack', 'TensorListPushBack', 'TensorListReserve', 'TensorListResize'],
    ...['TensorListScatter', 'TensorListScatterV2', 'TensorListSetItem', 'TensorListSplit'],
    'TensorListStack',
  ],
  'it feeds the graph': ['Const', 'Placeholder', 'PlaceholderWithDefault'],
  'it computes nothing': ['NoOp', 'Print'],
  'tfjs composes it of other kernels': ['LogicalXor', 'Pool'],
};

const reasons: ReadonlyMap<string, string> = new Map(
  Object.entries(NAMES).flatMap(([reason, names]) =>
    names.map((name): [string, string] => [name, reason]),
  ),
);

/** Why a kernel or an op stays with tfjs; undefined if it is lowered, or unknown. */
export function whyLeft(name: string): string | undefined {
  return reasons.get(name);
}

/**
 * Kernels that launch nothing in tfjs, though graphs have a form for them: eager code leaves views
 * to tfjs, and values that the CPU knows, so that no plan depends on these.
 */
export const LAUNCHES_NOTHING: ReadonlySet<string> = new Set([
  ...['Identity', 'Reshape', 'ExpandDims'],
  ...['Range', 'LinSpace', 'BroadcastArgs'],
]);
