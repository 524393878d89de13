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
  'it draws on a canvas': ['Draw'],
  'it is control flow': [
    ...['Enter', 'Exit', 'If', 'LoopCond', 'Merge', 'NextIteration', 'StatelessIf'],
    ...['StatelessWhile', 'Switch', 'While'],
  ],
  'it feeds the graph': ['Const', 'Placeholder', 'PlaceholderWithDefault'],
  'it computes nothing': ['NoOp', 'Print'],
  'tfjs composes it of other kernels': ['LogicalXor', 'Pool'],
};

/** Families of names by reason. */
const FAMILIES: Readonly<Record<string, RegExp>> = {
  'it keeps a table or a model between calls': /^(Hash|Initialize|Lookup)Table|^SimpleML/,
  'it keeps tensors in a list': /^(Empty)?Tensor(Array|List)/,
};

const reasons: ReadonlyMap<string, string> = new Map(
  Object.entries(NAMES).flatMap(([reason, names]) =>
    names.map((name): [string, string] => [name, reason]),
  ),
);

/** Why a kernel or an op stays with tfjs; undefined if it is lowered, or unknown. */
export function whyLeft(name: string): string | undefined {
  return reasons.get(name) ?? Object.keys(FAMILIES).find((reason) => FAMILIES[reason].test(name));
}

/**
 * Kernels that launch nothing, though graphs have a form for them: eager code leaves views to tfjs, and
 * values that the CPU knows, so that no plan depends on these; and of pixels there is a texture, which
 * is read by whoever needs it.
 */
export const LAUNCHES_NOTHING: ReadonlySet<string> = new Set([
  ...['Identity', 'Reshape', 'ExpandDims'],
  ...['Range', 'LinSpace', 'BroadcastArgs', 'FromPixels'],
]);
