/** What is judged by float64: forms, and the sizes that each is tried at. */
import { attentionCase } from './attention-forms';
import type { AccuracyCase } from './case';
import { EVERY_KIND, rowCase } from './row-case';
import { GELUS, MEANS, moments, NORMALIZATIONS, SOFTMAXES, type RowForm } from './row-forms';

/** Odd and even, below and above what a workgroup or its registers hold. */
const LENGTHS = [1, 2, 3, 4, 7, 16, 31, 64, 100, 255, 256, 511, 768, 1000];
/** Few, for forms that become the same kernel as the first of their kind. */
const FEW_LENGTHS = [1, 5, 64, 333, 1000];

/** Rows enough that none is shared by a workgroup on a device that a few rows keep busy. */
const MANY_ROWS = 3 * EVERY_KIND;

function inRows(form: RowForm): AccuracyCase[] {
  const lengths = form.isVariant ? FEW_LENGTHS : LENGTHS;
  const shapes = lengths.map((length) => [EVERY_KIND, length]);
  return [...shapes, [MANY_ROWS, 999], [MANY_ROWS, 1000]].map((shape) => rowCase(form, shape));
}

/** Instance and group normalisation: statistics of other axes. */
const inImages: readonly AccuracyCase[] = [
  rowCase({ ...moments, name: 'instance norm' }, [3, 10, 13, 6], [1, 2]),
  rowCase({ ...moments, name: 'instance norm' }, [2, 16, 17, 12], [1, 2]),
  rowCase({ ...moments, name: 'group norm' }, [3, 5, 7, 6, 4], [1, 2, 4]),
];

const ATTENTION_SIZES: readonly (readonly [queries: number, keys: number, head: number])[] = [
  [3, 1, 8],
  [3, 2, 8],
  [3, 7, 8],
  [5, 70, 8],
  [5, 257, 8],
  [5, 1000, 8],
  [20, 70, 8],
  [20, 1000, 8],
  ...[13, 24, 33, 64, 65, 127, 128].map((head) => [5, 70, head] as const),
];

export const CASES: Readonly<Record<string, readonly AccuracyCase[]>> = {
  normalisation: [...NORMALIZATIONS.flatMap(inRows), ...inImages],
  softmax: SOFTMAXES.flatMap(inRows),
  attention: ATTENTION_SIZES.map(([queries, keys, head]) => attentionCase({ queries, keys, head })),
  GELU: GELUS.map((form) => rowCase(form, [EVERY_KIND, 1000])),
  mean: MEANS.flatMap(inRows),
};
